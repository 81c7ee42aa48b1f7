using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace OrleansDL.Http;

/// <summary>Gives Kestrel receive buffers of 64 KiB in place of 4 KiB: an upload needs a sixteenth of the system calls.</summary>
/// <remarks>A connection that waits holds one. So that many idle ones cost little, those past the first thousand get small ones.</remarks>
internal sealed class LargeBlocks : IMemoryPoolFactory<byte>
{
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    internal sealed class Pool : MemoryPool<byte>
    {
        public const int Large = 64 * 1024;
        public const int Small = 4 * 1024;

        /// <summary>Blocks lent at once past which only small ones are given: large ones come to 64 MiB a pool.</summary>
        public const int MostLarge = 1024;

        // What is kept for the next one: 16 MiB a pool of either; more in use at once is left to the garbage collector afterwards.
        private readonly Kept _large = new(Large, 256);
        private readonly Kept _small = new(Small, 4096);
        private int _lent;

        // What may be asked for; more may be given.
        public override int MaxBufferSize => Small;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Small);
            var kept = Interlocked.Increment(ref _lent) <= MostLarge ? _large : _small;
            return new Block(this, kept.Take());
        }

        protected override void Dispose(bool disposing)
        {
            _large.Clear();
            _small.Clear();
        }

        private void Return(byte[] bytes)
        {
            Interlocked.Decrement(ref _lent);
            (bytes.Length == Large ? _large : _small).Keep(bytes);
        }

        /// <summary>Blocks of one size that nobody has.</summary>
        private sealed class Kept(int size, int most)
        {
            private readonly ConcurrentQueue<byte[]> _free = new();
            private int _count;

            public byte[] Take()
            {
                if (!_free.TryDequeue(out var bytes))
                {
                    return GC.AllocateUninitializedArray<byte>(size, pinned: true);
                }

                Interlocked.Decrement(ref _count);
                return bytes;
            }

            public void Keep(byte[] bytes)
            {
                if (Interlocked.Increment(ref _count) <= most)
                {
                    _free.Enqueue(bytes);
                }
                else
                {
                    Interlocked.Decrement(ref _count);
                }
            }

            public void Clear() => _free.Clear();
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
