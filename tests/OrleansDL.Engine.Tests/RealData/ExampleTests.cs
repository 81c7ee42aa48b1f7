using System.Text.Json;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;

namespace OrleansDL.Tests.RealData;

public sealed class ExampleTests
{
    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "examples"), "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_example_keeps_the_rules_and_knows_every_member(string name)
    {
        var spec = Example.Spec(name);
        TrainingSpecRules.Check(spec);
        using var given = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository.Root, "docs", "examples", $"{name}.json")));
        var known = JsonSerializer.SerializeToElement(spec, OdlJson.Options);
        Assert.All(given.RootElement.EnumerateObject(), member => Assert.True(known.TryGetProperty(member.Name, out _), $"'{member.Name}' is no member of a spec."));
    }
}
