using System.Text;
using System.Text.Json;

namespace OrleansDL.Serving.OpenAi;

/// <summary>Makes one text of a conversation: a line <c>role: content</c> for each message, then <c>assistant:</c>, which the model goes on from. Train on such lines to have it answer.</summary>
internal static class ChatTemplate
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];

    /// <exception cref="OpenAiException">The messages are none, or of a kind that is no text.</exception>
    public static string Apply(JsonElement? messages)
    {
        if (messages is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
        {
            throw OpenAiException.Invalid("'messages' is a list of one message at least.", "messages");
        }

        var text = new StringBuilder();
        foreach (var (index, message) in list.EnumerateArray().Index())
        {
            var role = message.ValueKind is JsonValueKind.Object && message.TryGetProperty("role", out var named) && named.ValueKind is JsonValueKind.String ? named.GetString()! : "";
            if (!Roles.Contains(role))
            {
                throw OpenAiException.Invalid($"'messages[{index}].role' is one of {string.Join(", ", Roles)}.", $"messages[{index}].role");
            }

            text.Append(role).Append(": ").Append(Content(message, index)).Append('\n');
        }

        return text.Append("assistant:").ToString();
    }

    private static string Content(JsonElement message, int index)
    {
        if (message.TryGetProperty("content", out var content))
        {
            if (content.ValueKind is JsonValueKind.String)
            {
                return content.GetString()!;
            }

            if (content.ValueKind is JsonValueKind.Array && content.EnumerateArray().All(IsText))
            {
                return string.Concat(content.EnumerateArray().Select(part => part.GetProperty("text").GetString()));
            }
        }

        throw OpenAiException.Invalid($"'messages[{index}].content' is a text, or a list of parts of type 'text'.", $"messages[{index}].content");
    }

    private static bool IsText(JsonElement part) => part.ValueKind is JsonValueKind.Object
        && part.TryGetProperty("type", out var type) && type.ValueKind is JsonValueKind.String && type.ValueEquals("text")
        && part.TryGetProperty("text", out var text) && text.ValueKind is JsonValueKind.String;
}
