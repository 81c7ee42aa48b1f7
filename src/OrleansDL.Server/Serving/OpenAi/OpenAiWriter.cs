using System.Text.Json;

namespace OrleansDL.Serving.OpenAi;

/// <summary>The answers of completions and chat completions, whole or in chunks.</summary>
/// <param name="isChat">Whether texts are messages.</param>
/// <param name="model">As the caller named it.</param>
/// <param name="id">The inference id.</param>
/// <param name="created">When.</param>
internal sealed class OpenAiWriter(bool isChat, string model, Guid id, DateTimeOffset created)
{
    /// <summary>Whether the caller gets its usage at the end of a stream: the chunks before it then say that they have none.</summary>
    public bool TellsUsage { get; init; }

    public void Whole(Utf8JsonWriter json, IReadOnlyList<(string Text, GeneratePiece Last)> texts)
    {
        Head(json, isChat ? "chat.completion" : "text_completion");
        json.WriteStartArray("choices");
        foreach (var (index, (text, last)) in texts.Index())
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            if (isChat)
            {
                json.WriteStartObject("message");
                json.WriteString("role", "assistant");
                json.WriteString("content", text);
                json.WriteNull("refusal");
                json.WriteEndObject();
            }
            else
            {
                json.WriteString("text", text);
            }

            Close(json, last.End);
        }

        json.WriteEndArray();
        Usage(json, texts.Sum(text => text.Last.GivenTokens), texts.Sum(text => text.Last.Tokens));
        json.WriteEndObject();
    }

    /// <summary>One part of a text. A message says whose it is with its first.</summary>
    public void Chunk(Utf8JsonWriter json, string? text, bool isFirst, GenerateEnd? end)
    {
        Head(json, isChat ? "chat.completion.chunk" : "text_completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        if (isChat)
        {
            json.WriteStartObject("delta");
            if (isFirst)
            {
                json.WriteString("role", "assistant");
            }

            if (text is not null)
            {
                json.WriteString("content", text);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteString("text", text ?? "");
        }

        Close(json, end);
        json.WriteEndArray();
        if (TellsUsage)
        {
            json.WriteNull("usage");
        }

        json.WriteEndObject();
    }

    /// <summary>The chunk after the last, for those who asked for it.</summary>
    public void UsageChunk(Utf8JsonWriter json, GeneratePiece last)
    {
        Head(json, isChat ? "chat.completion.chunk" : "text_completion");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        Usage(json, last.GivenTokens, last.Tokens);
        json.WriteEndObject();
    }

    private void Head(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", $"{(isChat ? "chatcmpl" : "cmpl")}-{id}");
        json.WriteString("object", kind);
        json.WriteNumber("created", created.ToUnixTimeSeconds());
        json.WriteString("model", model);
    }

    private static void Close(Utf8JsonWriter json, GenerateEnd? end)
    {
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", end switch { null => null, GenerateEnd.Stop => "stop", _ => "length" });
        json.WriteEndObject();
    }

    private static void Usage(Utf8JsonWriter json, int given, int added)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", given);
        json.WriteNumber("completion_tokens", added);
        json.WriteNumber("total_tokens", given + added);
        json.WriteEndObject();
    }
}
