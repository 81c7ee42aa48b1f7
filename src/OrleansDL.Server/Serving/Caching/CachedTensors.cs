using System.Runtime.InteropServices;

namespace OrleansDL.Serving.Caching;

/// <summary>Answers of the inference protocol.</summary>
internal sealed class CachedTensors : ICachedForm<InferAnswer>
{
    private const int Overhead = 320;
    private const int OfEach = 96;

    public static CachedTensors Form { get; } = new();

    public InferAnswer Keep(InferAnswer answer, out long bytes)
    {
        bytes = Overhead + (OfEach * (long)answer.Top.Count);
        var outputs = new Tensor[answer.Outputs.Count];
        for (var index = 0; index < outputs.Length; index++)
        {
            var output = answer.Outputs[index];
            outputs[index] = IsWhole(output.Data) ? output : new Tensor { Name = output.Name, Type = output.Type, Shape = output.Shape, Data = output.Data.ToArray() };
            bytes += OfEach + output.Data.Length + (sizeof(long) * output.Shape.Length);
        }

        return new InferAnswer { Outputs = outputs, Top = answer.Top, Generation = answer.Generation };
    }

    public InferAnswer First(InferAnswer answer, TimeSpan inCache) => With(answer, (answer.Times ?? default) with { Cache = Math.Max(1, Nanoseconds(inCache)) });

    public InferAnswer Again(InferAnswer answer, TimeSpan inCache) => With(answer, new InferTimes { Cache = Nanoseconds(inCache), CacheHit = true });

    private static InferAnswer With(InferAnswer answer, InferTimes times) => new() { Outputs = answer.Outputs, Top = answer.Top, Times = times, Generation = answer.Generation };

    // The rows of one request of a batch lie in the memory of all.
    private static bool IsWhole(ReadOnlyMemory<byte> data) => MemoryMarshal.TryGetArray(data, out var array) && array.Array!.Length == data.Length;

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
