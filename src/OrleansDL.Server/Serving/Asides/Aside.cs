namespace OrleansDL.Serving.Asides;

/// <summary>What is done with some of a deployment's requests beside answering them. Told after the answer is decided, it neither blocks nor throws.</summary>
/// <param name="shadow">Another version asked the same; null: none.</param>
/// <param name="log">What is written down; null: nothing.</param>
internal sealed class Aside(Shadow? shadow, PayloadLog? log)
{
    /// <summary>For requests that name their version: they have no shadow.</summary>
    public Aside? OfVersions => log is null ? null : shadow is null ? this : new Aside(null, log);

    /// <param name="route">What answered.</param>
    /// <param name="id">The inference id.</param>
    /// <param name="request">Its tensors may lie in buffers that are used again when this returns.</param>
    /// <param name="answer">What the model answered.</param>
    public void OnAnswer(Route route, Guid id, InferRequest request, InferAnswer answer)
    {
        shadow?.OnAnswer(route, request, answer);
        log?.OnAnswer(route, id, request, answer);
    }

    /// <inheritdoc cref="OnAnswer(Route, Guid, InferRequest, InferAnswer)"/>
    public void OnAnswer(Route route, Guid id, PredictRequest request, PredictAnswer answer)
    {
        shadow?.OnAnswer(route, request, answer);
        log?.OnAnswer(route, id, request, answer);
    }

    /// <param name="route">What answered.</param>
    /// <param name="id">The inference id.</param>
    /// <param name="request">The text that was to be continued.</param>
    /// <param name="text">What the model added to it.</param>
    /// <param name="last">The last part.</param>
    public void OnText(Route route, Guid id, GenerateRequest request, string text, GeneratePiece last)
    {
        shadow?.OnText(route, request, text);
        log?.OnText(route, id, request, text, last);
    }
}
