namespace OrleansDL.Onnx;

/// <summary>An attribute of a node: a float, an integer, a text or a list of integers.</summary>
internal sealed class OnnxAttribute
{
    private readonly ProtoWriter _proto;

    private OnnxAttribute(ProtoWriter proto) => _proto = proto;

    public static OnnxAttribute Of(string name, float value) => new(new ProtoWriter().Text(1, name).Float(2, value).Int(20, 1));

    public static OnnxAttribute Of(string name, long value) => new(new ProtoWriter().Text(1, name).Int(3, value).Int(20, 2));

    public static OnnxAttribute Of(string name, string value) => new(new ProtoWriter().Text(1, name).Text(4, value).Int(20, 3));

    public static OnnxAttribute Of(string name, params IEnumerable<long> values)
    {
        var proto = new ProtoWriter().Text(1, name);
        foreach (var value in values)
        {
            proto.Int(8, value);
        }

        return new OnnxAttribute(proto.Int(20, 7));
    }

    public ProtoWriter Write() => _proto;
}
