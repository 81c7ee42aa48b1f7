namespace OrleansDL.Serving.OpenAi;

/// <summary>A request refused in OpenAI's words: its HTTP status, the field at fault and a code, where there are any.</summary>
internal sealed class OpenAiException(int status, string message, string? field = null, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    public string? Field { get; } = field;

    public string? Code { get; } = code;

    public static OpenAiException Invalid(string message, string field) => new(400, message, field);
}
