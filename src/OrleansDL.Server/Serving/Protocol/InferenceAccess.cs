using Microsoft.AspNetCore.Http;
using OrleansDL.Access;
using OrleansDL.Http;
using OrleansDL.Identity;
using OrleansDL.Projects;

namespace OrleansDL.Serving.Protocol;

/// <summary>Who may ask for inference: anyone where deployment or project are public, else a token of the project.</summary>
internal sealed class InferenceAccess(TokenStore tokens, NameTable names)
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

    /// <exception cref="UnauthorizedException">A token is needed and not there, or not valid.</exception>
    /// <exception cref="ForbiddenException">The token is for another project.</exception>
    public async ValueTask CheckAsync(HttpContext context, string project, Route? route)
    {
        if (route is { Public: true })
        {
            return;
        }

        if (!HasToken(context) && await IsPublicAsync(project))
        {
            return;
        }

        var caller = context.Features.Get<Caller>() ?? await AccessGate.CheckAsync(context, tokens);
        if (!caller.AllowsProject(project))
        {
            throw AccessRules.OtherProject(caller, project);
        }

        if (!caller.Allows(Role.Viewer))
        {
            throw AccessRules.RoleTooLow(caller, Role.Viewer);
        }
    }

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
