using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OrleansDL.Tests.Architecture;

public sealed partial class ArrowTests
{
    /// <summary>docs/architecture.md draws the same arrows.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["OrleansDL.Abstractions"] = [],
        ["OrleansDL.Engine"] = ["OrleansDL.Abstractions"],
        ["OrleansDL.Hosting"] = ["OrleansDL.Abstractions"],
        ["OrleansDL.Server"] = ["OrleansDL.Abstractions", "OrleansDL.Hosting"],
        ["OrleansDL.Worker"] = ["OrleansDL.Abstractions", "OrleansDL.Engine", "OrleansDL.Hosting"],
        ["OrleansDL.Runner"] = ["OrleansDL.Abstractions", "OrleansDL.Engine"],
        ["OrleansDL.Client"] = ["OrleansDL.Abstractions"],
        ["OrleansDL.Cli"] = ["OrleansDL.Client", "OrleansDL.Server", "OrleansDL.Worker"],
    };

    [Fact]
    public void Every_project_below_src_has_its_arrows_drawn() =>
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Sources.Projects);

    [Theory]
    [InlineData("OrleansDL.Abstractions")]
    [InlineData("OrleansDL.Engine")]
    [InlineData("OrleansDL.Hosting")]
    [InlineData("OrleansDL.Server")]
    [InlineData("OrleansDL.Worker")]
    [InlineData("OrleansDL.Runner")]
    [InlineData("OrleansDL.Client")]
    [InlineData("OrleansDL.Cli")]
    public void A_project_references_exactly_what_its_arrows_allow(string project)
    {
        // A project built beside another, without its assembly being referenced, is no arrow.
        var references = XDocument.Load(Sources.ProjectFile(project)).Descendants("ProjectReference")
            .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") is not "false")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!))
            .Order(StringComparer.Ordinal);
        Assert.Equal(Allowed[project], references);
    }

    [Fact]
    public void Abstractions_depend_on_nothing_but_Orleans_Sdk() => Assert.Equal(
        ["Microsoft.Orleans.Sdk"],
        XDocument.Load(Sources.ProjectFile("OrleansDL.Abstractions")).Descendants("PackageReference")
            .Select(package => (string?)package.Attribute("Include")));

    [Theory]
    [InlineData("OrleansDL.Engine")]
    [InlineData("OrleansDL.Runner")]
    [InlineData("OrleansDL.Client")]
    public void Mathematics_and_the_client_do_not_see_the_cluster(string project) => Assert.Empty(
        from file in Sources.Of(project)
        from Match match in OrleansUse().Matches(Code.WithoutCommentsAndStrings(file.Text))
        select $"{file.Path}: {match.Value}");

    [Theory]
    [InlineData("OrleansDL.Server")]
    [InlineData("OrleansDL.Hosting")]
    public void Control_code_cannot_touch_libtorch_or_ONNX_Runtime(string project)
    {
        var packages = XDocument.Load(Sources.ProjectFile(project)).Descendants("PackageReference")
            .Select(package => (string)package.Attribute("Include")!);
        var assemblies = Assembly.Load(project).GetReferencedAssemblies().Select(assembly => assembly.Name!);
        Assert.DoesNotContain(packages.Concat(assemblies), name =>
            name.Contains("Torch", StringComparison.OrdinalIgnoreCase) || name.Contains("OnnxRuntime", StringComparison.OrdinalIgnoreCase));
    }

    [GeneratedRegex(@"(?<![\w.])(Orleans\s*[.;]|IGrain\w*\b|Grain\b|GrainId\b|SiloAddress\b|IClusterClient\b|RequestContext\b|\[\s*(GenerateSerializer|Alias|Id)\b)")]
    private static partial Regex OrleansUse();
}
