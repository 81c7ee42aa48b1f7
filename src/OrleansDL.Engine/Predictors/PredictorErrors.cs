namespace OrleansDL.Predictors;

/// <summary>Errors on their way from the process of isolated models to the worker.</summary>
public static class PredictorErrors
{
    private const string Cancelled = "cancelled";
    private const string Unexpected = "unexpected";

    /// <param name="frame">Takes it.</param>
    /// <param name="error">What happened.</param>
    public static void Write(FrameWriter frame, Exception error)
    {
        ArgumentNullException.ThrowIfNull(frame);
        ArgumentNullException.ThrowIfNull(error);
        _ = error switch
        {
            OrleansDLException known => frame.Text(known.Code).Text(known.Message),
            OperationCanceledException => frame.Text(Cancelled).Text(""),
            _ => frame.Text(Unexpected).Text($"{error.GetType().Name}: {error.Message}"),
        };
    }

    /// <param name="frame">The message.</param>
    /// <param name="model">What messages call the model.</param>
    public static Exception Read(Frame frame, string model)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var (code, message) = (frame.Text(), frame.Text());
        return code switch
        {
            Cancelled => new OperationCanceledException(),
            Unexpected => new InvalidException($"Model '{model}' failed: {message}"),
            _ => Known(code, message) ?? new InvalidException(message),
        };
    }

    private static OrleansDLException? Known(string code, string message) =>
        new OrleansDLException[] { new NotFoundException(message), new OverloadedException(message), new NoCapacityException(message) }.FirstOrDefault(known => known.Code == code);
}
