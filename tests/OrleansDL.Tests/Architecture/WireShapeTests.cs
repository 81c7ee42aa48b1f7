namespace OrleansDL.Tests.Architecture;

/// <summary>What was once sent or stored keeps its alias, numbers, names and types; the golden file only grows.</summary>
public sealed class WireShapeTests
{
    private static readonly string Golden = Path.Combine(Sources.Root, "tests/OrleansDL.Tests/Golden/wire-shapes.txt");

    [Fact]
    public void Every_field_that_was_ever_sent_or_stored_is_still_the_same()
    {
        var lost = File.ReadAllLines(Golden).Except(Current()).ToList();
        Assert.True(lost.Count == 0, "These fields changed or went away; records only grow by the next number:\n" + string.Join('\n', lost));
    }

    [Fact]
    public void Every_field_that_is_sent_or_stored_is_in_the_golden_file()
    {
        var added = Current().Except(File.ReadAllLines(Golden)).ToList();
        Assert.True(added.Count == 0, $"Add these lines to {Path.GetFileName(Golden)}; from then on they are a promise:\n" + string.Join('\n', added));
    }

    private static IEnumerable<string> Current() =>
        from type in Wire.Serializables
        from field in Wire.Ids(type)
        let line = $"{Wire.AliasOf(type)} {field.Id} {field.Member.Name} {TypeName(field.Member)}"
        orderby line
        select line;

    private static string TypeName(System.Reflection.MemberInfo member) => Display(member switch
    {
        System.Reflection.PropertyInfo property => property.PropertyType,
        System.Reflection.FieldInfo field => field.FieldType,
        _ => throw new InvalidOperationException($"{member.Name} is neither property nor field."),
    });

    private static string Display(Type type) => type switch
    {
        { IsArray: true } => Display(type.GetElementType()!) + "[]",
        { IsGenericType: true } => $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Display))}>",
        _ => type.Name,
    };
}
