using System.Text;
using Microsoft.AspNetCore.Http;
using OrleansDL.Access;
using OrleansDL.Identity;
using OrleansDL.Projects;

namespace OrleansDL.Http;

/// <summary>Lets a request through to its endpoint only with the token the endpoint asks for. An endpoint that says nothing lets nobody in.</summary>
internal sealed class AccessGate(RequestDelegate next, TokenStore tokens, NameTable names)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint() is { } endpoint)
        {
            var needed = endpoint.Metadata.GetMetadata<RequiredRole>()?.Role ?? Role.Admin;
            var caller = await CheckAsync(context, tokens);
            context.Features.Set(caller);
            if (!caller.Allows(needed))
            {
                throw AccessRules.RoleTooLow(caller, needed);
            }

            if (context.Request.RouteValues.TryGetValue("project", out var value) && value is string project)
            {
                if (!caller.AllowsProject(project))
                {
                    throw AccessRules.OtherProject(caller, project);
                }

                await names.EnsureProjectAsync(project);
            }
        }

        await next(context);
    }

    /// <summary>Who holds the request's token.</summary>
    public static ValueTask<Caller> CheckAsync(HttpContext context, TokenStore tokens) => tokens.CheckAsync(Secret(context.Request));

    // A browser that opens the dashboard is asked for a password: any user name, and the token.
    private static string? Secret(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return header["Bearer ".Length..].Trim();
        }

        if (header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var buffer = new byte[header.Length];
            if (Convert.TryFromBase64String(header["Basic ".Length..].Trim(), buffer, out var written))
            {
                var pair = Encoding.UTF8.GetString(buffer, 0, written);
                return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
            }
        }

        return null;
    }
}
