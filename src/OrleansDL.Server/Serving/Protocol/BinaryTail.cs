namespace OrleansDL.Serving.Protocol;

/// <summary>The raw bytes after the JSON of a request, taken input by input in the order of the <c>inputs</c> array.</summary>
internal sealed class BinaryTail(ReadOnlyMemory<byte> bytes, string model)
{
    private ReadOnlyMemory<byte> _left = bytes;

    public ReadOnlyMemory<byte> Take(string input, long size, TensorElementType type, long[] shape)
    {
        if (size > _left.Length)
        {
            throw InferenceProtocolException.Invalid(
                $"unexpected size for input '{input}', expecting {size - _left.Length} additional bytes for model '{model}'");
        }

        var data = _left[..(int)size];
        _left = _left[(int)size..];
        TensorSize.Check(data.Span, input, type, shape, model);
        return data;
    }

    public void CheckConsumed()
    {
        if (!_left.IsEmpty)
        {
            throw InferenceProtocolException.Invalid($"unexpected additional input data for model '{model}'");
        }
    }
}
