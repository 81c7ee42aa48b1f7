using OrleansDL.Identity;

namespace OrleansDL.Access;

/// <summary>The two refusals, worded once for HTTP and grain calls.</summary>
public static class AccessRules
{
    public static ForbiddenException RoleTooLow(Caller caller, Role needed) => new(
        $"The token '{caller.Title}' has the role {Name(caller.Role)}; this call needs {Name(needed)}. Ask an administrator for a token with that role.");

    public static ForbiddenException OtherProject(Caller caller, string project) => new(
        $"The token '{caller.Title}' is for project '{caller.Project}' only, not for '{project}'. Ask an administrator for a token of that project.");

    private static string Name(Role role) => role.ToString().ToLowerInvariant();
}
