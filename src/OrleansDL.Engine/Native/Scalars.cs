using TorchSharp;

namespace OrleansDL.Native;

/// <summary>
/// Numbers for libtorch that live as long as the call they are made for. TorchSharp's own conversion makes an object that nobody holds once its handle was
/// read: a collection during the call frees the number, and libtorch computes with what lies there then.
/// </summary>
internal static class Scalars
{
    // A call takes a few numbers and returns before its thread makes many more.
    private const int Count = 64;

    [ThreadStatic]
    private static Ring? _ring;

    public static Scalar Held(double value) => Hold(value.ToScalar());

    public static Scalar Held(float value) => Hold(value.ToScalar());

    public static Scalar Held(int value) => Hold(value.ToScalar());

    public static Scalar Held(long value) => Hold(value.ToScalar());

    private static Scalar Hold(Scalar scalar) => (_ring ??= new Ring()).Hold(scalar);

    private sealed class Ring
    {
        private readonly Scalar?[] _held = new Scalar?[Count];
        private int _next;

        public Scalar Hold(Scalar scalar)
        {
            // No call knows the oldest any more: freed here, it is no work for the collector.
            _held[_next]?.Dispose();
            _held[_next] = scalar;
            _next = (_next + 1) % Count;
            return scalar;
        }
    }
}
