namespace OrleansDL.Serving.Asides;

/// <summary>Samples requests for a version whose answers nobody gets. What is not sampled costs one random number.</summary>
/// <param name="version">The version that is asked.</param>
/// <param name="spec">How often, and when answers agree.</param>
/// <param name="queue">Where sampled requests wait.</param>
internal sealed class Shadow(RouteEntry version, ShadowSpec spec, ShadowQueue queue)
{
    public void OnAnswer(Route route, InferRequest request, InferAnswer answer)
    {
        if (!IsSampled(route))
        {
            return;
        }

        var bytes = 0L;
        foreach (var input in request.Inputs)
        {
            bytes += input.Data.Length;
        }

        if (queue.TryReserve(version.Route, bytes))
        {
            // The caller's buffers are used again: the shadow gets memory of its own.
            var tensors = request.Inputs.Select(input => new Tensor { Name = input.Name, Type = input.Type, Shape = input.Shape, Data = input.Data.ToArray() }).ToList();
            queue.Add(new ShadowInfer(version, new InferRequest { Inputs = tensors, Outputs = request.Outputs }, answer, spec.Tolerance, bytes));
        }
    }

    public void OnAnswer(Route route, PredictRequest request, PredictAnswer answer)
    {
        // A predict call's rows are its own memory, never used again.
        if (IsSampled(route) && queue.TryReserve(version.Route, request.Rows.Length))
        {
            queue.Add(new ShadowPredict(version, request, answer, spec.Tolerance, request.Rows.Length));
        }
    }

    public void OnText(Route route, GenerateRequest request, string text)
    {
        var bytes = sizeof(char) * ((long)request.Text.Length + text.Length);
        if (IsSampled(route) && queue.TryReserve(version.Route, bytes))
        {
            queue.Add(new ShadowText(version, request with { TimeoutMicroseconds = 0 }, text, bytes));
        }
    }

    /// <summary>A version is not compared with itself.</summary>
    private bool IsSampled(Route route) => route.Generation != version.Route.Generation && (spec.Percent >= 100 || Random.Shared.NextDouble() * 100 < spec.Percent);
}
