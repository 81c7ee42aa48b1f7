namespace OrleansDL.Serving.Asides;

/// <summary>What is done with some of a deployment's requests beside answering them. Told after the answer is decided, it neither blocks nor throws.</summary>
/// <param name="shadow">Another version asked the same; null: none.</param>
internal sealed class Aside(Shadow? shadow)
{
    /// <param name="route">What answered.</param>
    /// <param name="request">Its tensors may lie in buffers that are used again when this returns.</param>
    /// <param name="answer">What the model answered.</param>
    public void OnAnswer(Route route, InferRequest request, InferAnswer answer) => shadow?.OnAnswer(route, request, answer);

    /// <inheritdoc cref="OnAnswer(Route, InferRequest, InferAnswer)"/>
    public void OnAnswer(Route route, PredictRequest request, PredictAnswer answer) => shadow?.OnAnswer(route, request, answer);
}
