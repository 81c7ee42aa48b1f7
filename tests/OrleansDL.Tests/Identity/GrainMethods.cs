using System.Reflection;
using OrleansDL.Identity;

namespace OrleansDL.Tests.Identity;

/// <summary>Every method of every grain interface in the contracts.</summary>
internal static class GrainMethods
{
    public static IReadOnlyList<(Type Grain, MethodInfo Method, Role? Needs)> All { get; } =
    [
        .. from grain in typeof(RequiresAttribute).Assembly.GetTypes()
           where grain.IsInterface && typeof(IGrain).IsAssignableFrom(grain)
           from method in grain.GetMethods().Concat(grain.GetInterfaces().Where(part => part.Assembly == grain.Assembly).SelectMany(part => part.GetMethods()))
           orderby grain.Name, method.Name
           select (grain, method, method.GetCustomAttribute<RequiresAttribute>()?.Role),
    ];
}
