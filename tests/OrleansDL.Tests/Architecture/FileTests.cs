using System.Text.RegularExpressions;

namespace OrleansDL.Tests.Architecture;

public sealed partial class FileTests
{
    /// <summary>Generated from the inference protocol's own definition, or a program's entry: no type to be named after.</summary>
    private static bool HasNoTypeOfItsOwn(string path) =>
        path.EndsWith("/Program.cs", StringComparison.Ordinal) || path.EndsWith("/AssemblyInfo.cs", StringComparison.Ordinal);

    [Fact]
    public void A_file_holds_one_type_and_is_named_after_it()
    {
        var wrong = from project in Sources.Projects
                    from file in Sources.Of(project)
                    where !HasNoTypeOfItsOwn(file.Path)
                    let types = Code.TopLevelTypes(file.Text)
                    let name = Path.GetFileNameWithoutExtension(file.Path).Split('.')[0]
                    where types.Count != 1 || types[0] != name
                    select $"{file.Path}: {string.Join(", ", types)}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong = from project in Sources.Projects
                    from file in Sources.Of(project)
                    let declared = Namespace().Match(file.Text)
                    where declared.Success
                    let folder = Path.GetDirectoryName(file.Path)!.Replace('\\', '/')
                    let within = folder.Contains('/', StringComparison.Ordinal) ? folder[(folder.IndexOf('/', StringComparison.Ordinal) + 1)..] : ""
                    let name = declared.Groups[1].Value
                    let plain = within is "" or "Common" ? "OrleansDL" : "OrleansDL." + within.Replace('/', '.')
                    where name != plain && name != string.Join('.', new[] { project, within.Replace('/', '.') }.Where(part => part.Length > 0))
                    select $"{file.Path}: {name}";
        Assert.Empty(wrong);
    }

    [GeneratedRegex(@"^namespace\s+([\w.]+)\s*;", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
