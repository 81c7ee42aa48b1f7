using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Projects;
using OrleansDL.Serving.Repository;

namespace OrleansDL.Serving.Protocol;

/// <summary>Who may ask for inference: anyone where deployment or project are public, else a token of the project.</summary>
internal sealed class InferenceAccess(TokenStore tokens, NameTable names, IOptions<RepositoryOptions> options)
{
    private const string ProjectHeader = "odl-project";

    /// <summary>The project a request means: the path's, the header's, the token's, or <c>default</c>.</summary>
    public async ValueTask<string> ProjectOfAsync(HttpContext context)
    {
        if (context.Request.RouteValues.TryGetValue("project", out var value) && value is string named)
        {
            return named;
        }

        if (context.Request.Headers.TryGetValue(ProjectHeader, out var header) && header.ToString() is { Length: > 0 } asked)
        {
            return asked;
        }

        return HasToken(context) ? (await AccessGate.CheckAsync(context, tokens)).Project ?? Project.Default : Project.Default;
    }

    /// <returns>Whose token was checked; null: none was needed.</returns>
    /// <exception cref="UnauthorizedException">A token is needed and not there, or not valid.</exception>
    /// <exception cref="ForbiddenException">The token is for another project.</exception>
    public async ValueTask<Caller?> CheckAsync(HttpContext context, string project, Route? route)
    {
        if (route is { Public: true })
        {
            return null;
        }

        return HasToken(context) || (!IsOpenRepository(project) && !await IsPublicAsync(project)) ? await CheckRoleAsync(context, project, Role.Viewer) : null;
    }

    /// <summary>Whether the caller may load and unload models of the project.</summary>
    /// <inheritdoc cref="CheckAsync"/>
    public async ValueTask CheckControlAsync(HttpContext context, string project)
    {
        if (HasToken(context) || !IsOpenRepository(project))
        {
            await CheckRoleAsync(context, project, Role.Developer);
        }
    }

    /// <summary>Whether the caller may change what holds for this server, whatever the project.</summary>
    /// <inheritdoc cref="CheckAsync"/>
    public async ValueTask CheckServerAsync(HttpContext context, string project)
    {
        if (!HasToken(context) && IsOpenRepository(project))
        {
            return;
        }

        var caller = await CheckRoleAsync(context, project, Role.Operator);
        if (caller.Project is { } only)
        {
            throw new ForbiddenException($"The token '{caller.Title}' is for project '{only}' only, and this setting is the whole server's. Ask an administrator for a token of all projects.");
        }
    }

    private async ValueTask<Caller> CheckRoleAsync(HttpContext context, string project, Role role)
    {
        var caller = await AccessGate.CheckAsync(context, tokens);
        if (!caller.AllowsProject(project))
        {
            throw AccessRules.OtherProject(caller, project);
        }

        if (!caller.Allows(role))
        {
            throw AccessRules.RoleTooLow(caller, role);
        }

        return caller;
    }

    /// <summary>Whether this server was started with a repository that answers everyone.</summary>
    private bool IsOpenRepository(string project) => options.Value is { Public: true, Directory: not null } repository && repository.Project == project;

    // Whether a project exists is nothing to tell someone without a token.
    private async ValueTask<bool> IsPublicAsync(string project)
    {
        try
        {
            return await names.IsPublicAsync(project);
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    private static bool HasToken(HttpContext context) => context.Request.Headers.Authorization.Count > 0;
}
