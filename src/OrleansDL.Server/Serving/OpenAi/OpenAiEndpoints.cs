using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Http;

namespace OrleansDL.Serving.OpenAi;

/// <summary>The part of OpenAI's API that our models answer, below <c>/openai/v1</c>, and once more below each project. A model of it is a deployment. Access is checked as for the inference protocol.</summary>
internal static class OpenAiEndpoints
{
    public static void MapOpenAi(this IEndpointRouteBuilder routes)
    {
        var front = routes.ServiceProvider.GetRequiredService<OpenAiFront>();
        foreach (var prefix in (string[])["/openai/v1", "/projects/{project}/openai/v1"])
        {
            var group = routes.MapGroup(prefix).WithTags("OpenAI").ExcludeFromDescription().OpenToAll();
            group.MapMethods("/models", ["GET"], front.ModelsAsync);
            group.MapMethods("/models/{model}", ["GET"], front.ModelAsync);
            group.MapMethods("/completions", ["POST"], front.CompletionsAsync);
            group.MapMethods("/chat/completions", ["POST"], front.ChatAsync);
            group.MapMethods("/embeddings", ["POST"], front.EmbeddingsAsync);
        }
    }
}
