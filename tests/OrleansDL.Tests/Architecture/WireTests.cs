using System.Reflection;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Architecture;

public sealed class WireTests
{
    [Fact]
    public void Every_grain_interface_and_its_methods_have_a_name_on_the_wire() => Assert.Empty(
        from grain in Wire.GrainInterfaces
        from name in grain.GetMethods().Where(method => Wire.AliasOf(method) is null).Select(method => $"{grain.Name}.{method.Name}")
            .Concat(Wire.AliasOf(grain) is null ? [grain.Name] : [])
        select name);

    [Fact]
    public void Two_methods_of_a_grain_never_share_a_name() => Assert.Empty(
        from grain in Wire.GrainInterfaces
        from same in grain.GetMethods().GroupBy(Wire.AliasOf).Where(shared => shared.Count() > 1)
        select $"{grain.Name}: {same.Key}");

    [Fact]
    public void Every_serializable_type_has_a_name_on_the_wire() =>
        Assert.Empty(Wire.Serializables.Where(type => Wire.AliasOf(type) is null).Select(type => type.FullName));

    [Fact]
    public void No_two_types_share_a_name_on_the_wire() => Assert.Empty(
        from same in Wire.Serializables.Concat(Wire.GrainInterfaces).GroupBy(Wire.AliasOf)
        where same.Key is not null && same.Count() > 1
        select $"{same.Key}: {string.Join(", ", same.Select(type => type.FullName))}");

    [Fact]
    public void Every_field_that_is_sent_or_stored_has_its_own_number() => Assert.Empty(
        from type in Wire.Serializables
        from same in Wire.Ids(type).GroupBy(field => field.Id).Where(shared => shared.Select(field => field.Member.Name).Distinct().Count() > 1)
        select $"{type.Name}: {same.Key} is {string.Join(" and ", same.Select(field => field.Member.Name))}");

    [Fact]
    public void Every_property_of_a_record_that_is_sent_or_stored_is_numbered() => Assert.Empty(
        from type in Wire.Serializables
        where !typeof(Exception).IsAssignableFrom(type)
        from property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
        where property.SetMethod is not null && property.GetCustomAttribute<IdAttribute>() is null
        select $"{type.Name}.{property.Name}");

    /// <summary>A client outside the cluster can call only what says which role it needs. What does not say so is listed,
    /// so that opening or closing a method is a line somebody reads.</summary>
    [Fact]
    public void Methods_closed_to_clients_are_exactly_the_listed_ones()
    {
        var listed = File.ReadAllLines(Path.Combine(Sources.Root, "tests/OrleansDL.Tests/Architecture/internal-methods.txt"))
            .Where(line => line.Length > 0 && !line.StartsWith('#'));
        var closed = from grain in Wire.GrainInterfaces
                     from method in grain.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly)
                     where method.GetCustomAttribute<RequiresAttribute>() is null
                     select $"{grain.Name}.{method.Name}";
        Assert.Equal(listed.Order(StringComparer.Ordinal), closed.Order(StringComparer.Ordinal));
    }
}
