using System.Reflection;

namespace OrleansDL.Tests.Architecture;

/// <summary>What crosses the wire or is stored: grain interfaces and serializable types of every assembly.</summary>
internal static class Wire
{
    public static IReadOnlyList<Type> Types { get; } =
    [
        .. new[] { "OrleansDL.Abstractions", "OrleansDL.Hosting", "OrleansDL.Server", "OrleansDL.Worker" }
            .SelectMany(name => Assembly.Load(name).GetTypes())
            .Where(type => type.Namespace?.StartsWith("OrleansDL", StringComparison.Ordinal) is true),
    ];

    public static IEnumerable<Type> GrainInterfaces => Types.Where(type =>
        type.IsInterface && typeof(IAddressable).IsAssignableFrom(type) && type != typeof(IAddressable));

    public static IEnumerable<Type> Serializables => Types.Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is not null);

    public static string? AliasOf(MemberInfo member) => member.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    public static IEnumerable<(MemberInfo Member, uint Id)> Ids(Type type) =>
        from member in type.GetMembers(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where member is PropertyInfo or FieldInfo
        let id = member.GetCustomAttribute<IdAttribute>(inherit: false)
        where id is not null
        select (member, id.Id);
}
