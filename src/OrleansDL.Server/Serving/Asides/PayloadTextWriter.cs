using System.Text.Json;

namespace OrleansDL.Serving.Asides;

/// <summary>Writes a continued text as the data of a payload log's line. Its fields are a promise.</summary>
internal static class PayloadTextWriter
{
    /// <summary>What callers of every kind call the text they give, and the one they get: who redacts by any of these names means them.</summary>
    private static readonly string[] Inputs = ["text_input", "prompt", "messages", "content"];
    private static readonly string[] Outputs = ["text_output", "text", "message", "content", "delta", "choices"];

    public static void Write(Utf8JsonWriter json, PayloadText text, PayloadLog log)
    {
        var request = text.Request;
        json.WriteStartObject();
        json.WriteStartObject("request");
        json.WriteString("text_input", Shown(request.Text, text.Fits, Inputs, log));
        json.WriteNumber("max_tokens", request.MaximumTokens);
        json.WriteNumber("temperature", request.Temperature);
        json.WriteNumber("top_k", request.TopK);
        json.WriteNumber("top_p", request.TopP);
        json.WriteNumber("seed", request.Seed);
        json.WriteStartArray("stop");
        foreach (var stop in request.Stop)
        {
            json.WriteStringValue(Shown(stop, text.Fits, ["stop"], log));
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("answer");
        json.WriteString("text_output", Shown(text.Output, text.Fits, Outputs, log));
        json.WriteString("finish_reason", text.Last.End is GenerateEnd.Stop ? "stop" : "length");
        json.WriteNumber("prompt_tokens", text.Last.GivenTokens);
        json.WriteNumber("completion_tokens", text.Last.Tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Shown(string text, bool fits, string[] names, PayloadLog log) =>
        Array.Exists(names, log.IsRedacted) ? PayloadLine.Redacted : fits ? text : PayloadTensor.TooLarge;
}
