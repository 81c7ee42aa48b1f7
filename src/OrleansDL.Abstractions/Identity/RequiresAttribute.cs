namespace OrleansDL.Identity;

/// <summary>The least role a caller from outside the cluster needs. A grain method without it refuses such callers.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class RequiresAttribute(Role role) : Attribute
{
    public Role Role { get; } = role;
}
