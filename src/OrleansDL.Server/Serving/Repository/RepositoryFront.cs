using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Repository;

/// <summary>Loading and unloading as clients of the protocol ask for it. REST and gRPC both come here.</summary>
internal sealed class RepositoryFront(ModelRepository repository, InferenceAccess access, IOptions<ServingOptions> options)
{
    private const string NotControlled = "explicit model load / unload is not allowed if polling is enabled";

    public async Task<string> LoadAsync(HttpContext context)
    {
        var model = NameIn(context);
        var project = await EnterAsync(context);
        var body = await RequestBody.ReadAsync(context, options.Value.MaximumModelBytes, keep: true);
        try
        {
            // What is wrong with the request is said before that nobody may load here.
            var request = LoadRequest.Read(body.Bytes);
            CheckControlled(project);
            await repository.LoadAsync(project, model, request, context.RequestAborted);
        }
        finally
        {
            body.Parsed();
            body.Return();
        }

        return model;
    }

    public async Task<string> UnloadAsync(HttpContext context)
    {
        var model = NameIn(context);
        var project = await EnterAsync(context);
        var body = await RequestBody.ReadAsync(context, options.Value.MaximumRequestBytes, keep: true);
        bool withSteps;
        try
        {
            withSteps = LoadRequest.CheckUnload(body.Bytes);
        }
        finally
        {
            body.Parsed();
            body.Return();
        }

        CheckControlled(project);
        await repository.UnloadAsync(project, model, withSteps);
        return model;
    }

    public async Task LoadAsync(HttpContext context, string model, LoadRequest request) =>
        await repository.LoadAsync(await CheckAsync(context), model, request, context.RequestAborted);

    public async Task UnloadAsync(HttpContext context, string model, bool withSteps) => await repository.UnloadAsync(await CheckAsync(context), model, withSteps);

    /// <summary>The model's name. A slash written as an escape is left as that by the server, so that it cannot part paths; in a name it is one.</summary>
    private static string NameIn(HttpContext context) => ((string)context.Request.RouteValues["model"]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private async Task<string> CheckAsync(HttpContext context)
    {
        var project = await EnterAsync(context);
        CheckControlled(project);
        return project;
    }

    private async Task<string> EnterAsync(HttpContext context)
    {
        var project = await access.ProjectOfAsync(context);
        await access.CheckControlAsync(context, project);
        return project;
    }

    private void CheckControlled(string project)
    {
        if (!repository.IsControlled(project))
        {
            throw new InferenceProtocolException(503, NotControlled);
        }
    }
}
