using System.Text.Json.Serialization;
using OrleansDL.Identity;

namespace OrleansDL.Access;

/// <summary>Who calls: a checked token.</summary>
public sealed record Caller(Guid Token, string Title, Role Role, string? Project, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RateLimit? RateLimit = null)
{
    public bool Allows(Role role) => Role >= role;

    public bool AllowsProject(string project) => Project is null || Project == project;
}
