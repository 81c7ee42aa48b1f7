using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving.Conformance;

/// <summary>A model of ONNX's own conformance data, with inputs and the outputs they must give.</summary>
internal sealed class OnnxCase(string folder)
{
    public const string Root = "/usr/share/libonnx-testdata/data";

    /// <summary>Every case of Debian's package, by its place in it.</summary>
    public static IEnumerable<OnnxCase> All() => Directory.EnumerateFiles(Root, "model.onnx", SearchOption.AllDirectories)
        .Order(StringComparer.Ordinal).Select(file => new OnnxCase(Path.GetDirectoryName(file)!));

    /// <summary><c>node/test_abs</c></summary>
    public string Name { get; } = Path.GetRelativePath(Root, folder);

    /// <summary>Its name as a model's.</summary>
    public string Model => Name.Replace('/', '.');

    public byte[] Onnx => File.ReadAllBytes(Path.Combine(folder, "model.onnx"));

    public IEnumerable<string> Sets => Directory.EnumerateDirectories(folder, "test_data_set_*").Order(StringComparer.Ordinal);

    public static IReadOnlyList<Tensor> Inputs(string set) => Read(set, "input");

    public static IReadOnlyList<Tensor> Outputs(string set) => Read(set, "output");

    private static Tensor[] Read(string set, string kind) =>
        [.. Enumerable.Range(0, Directory.GetFiles(set, $"{kind}_*.pb").Length).Select(index => OnnxTensorFile.Read(Path.Combine(set, $"{kind}_{index}.pb")))];
}
