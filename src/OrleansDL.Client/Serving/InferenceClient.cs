using System.Text.Json;

namespace OrleansDL.Serving;

/// <summary>The Open Inference Protocol: a model's name is the deployment's name.</summary>
public sealed class InferenceClient
{
    private readonly OdlConnection _http;

    internal InferenceClient(OdlConnection http) => _http = http;

    /// <summary>The model's metadata: its inputs and outputs.</summary>
    public Task<JsonElement> GetModelAsync(string model, CancellationToken cancellationToken = default) =>
        _http.GetAsync<JsonElement>(Of(model), cancellationToken);

    /// <summary>Sends tensors, answers tensors, both as the protocol writes them.</summary>
    public Task<JsonElement> InferAsync(string model, object request, CancellationToken cancellationToken = default) =>
        _http.PostAsync<JsonElement>($"{Of(model)}/infer", request, cancellationToken);

    private static string Of(string model) => $"v2/models/{OdlConnection.Escape(model)}";
}
