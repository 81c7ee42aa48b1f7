using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace OrleansDL.Http;

/// <summary>Gives Kestrel receive buffers of 64 KiB in place of 4 KiB: an upload needs a sixteenth of the system calls.</summary>
/// <remarks>A connection that waits holds no buffer, so idle connections cost nothing.</remarks>
internal sealed class LargeBlocks : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        private const int BlockSize = 64 * 1024;

        // What is kept for the next one: 16 MiB a pool; more in use at once is left to the garbage collector afterwards.
        private const int MostKept = 256;
        private readonly ConcurrentQueue<byte[]> _free = new();

        public override int MaxBufferSize => BlockSize;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockSize);
            return new Block(this, _free.TryDequeue(out var bytes) ? bytes : GC.AllocateUninitializedArray<byte>(BlockSize, pinned: true));
        }

        protected override void Dispose(bool disposing) => _free.Clear();

        private void Return(byte[] bytes)
        {
            if (_free.Count < MostKept)
            {
                _free.Enqueue(bytes);
            }
        }

        private sealed class Block(Pool pool, byte[] bytes) : IMemoryOwner<byte>
        {
            private byte[]? _bytes = bytes;

            public Memory<byte> Memory => _bytes ?? throw new ObjectDisposedException(nameof(Block));

            public void Dispose()
            {
                if (Interlocked.Exchange(ref _bytes, null) is { } free)
                {
                    pool.Return(free);
                }
            }
        }
    }
}
