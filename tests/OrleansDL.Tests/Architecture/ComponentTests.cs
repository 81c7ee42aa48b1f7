using System.Reflection;

namespace OrleansDL.Tests.Architecture;

public sealed class ComponentTests
{
    private static readonly string[] Components =
        ["Datasets", "Training", "Tuning", "Models", "Serving", "Monitoring", "Workflows"];

    [Theory]
    [InlineData("OrleansDL.Server")]
    [InlineData("OrleansDL.Worker")]
    public void A_component_uses_anothers_contracts_never_its_classes(string project)
    {
        var classes = Assembly.Load(project).GetTypes()
            .Where(type => !type.IsNested && type.Namespace is not null)
            .Select(type => (Component: ComponentOf(type.Namespace!), Name: type.Name.Split('`')[0]))
            .Where(type => type.Component is not null)
            .ToLookup(type => type.Component!, type => type.Name);

        var wrong = from file in Sources.Of(project)
                    let folders = file.Path.Split('/')
                    where folders.Length > 2 && Components.Contains(folders[1])
                    let own = classes[folders[1]].ToHashSet(StringComparer.Ordinal)
                    let identifiers = Code.Identifiers(file.Text)
                    from other in Components
                    where other != folders[1] && file.Text.Contains($"OrleansDL.{other}", StringComparison.Ordinal)
                    from name in classes[other]
                    where identifiers.Contains(name) && !own.Contains(name)
                    select $"{file.Path} uses {other}'s {name}";
        Assert.Empty(wrong.Distinct());
    }

    private static string? ComponentOf(string name) =>
        Components.FirstOrDefault(component => name == "OrleansDL." + component || name.StartsWith($"OrleansDL.{component}.", StringComparison.Ordinal));
}
