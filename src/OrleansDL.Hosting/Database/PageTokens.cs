using System.Buffers.Text;
using System.Text.Json;

namespace OrleansDL.Database;

/// <summary>Page tokens: the sort key of the last item, so that the next page begins right after it.</summary>
public static class PageTokens
{
    public static string Encode(params string[] key) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(key));

    /// <exception cref="InvalidException">The token was not made by <see cref="Encode"/>, or has another number of parts.</exception>
    public static string[]? Decode(string? token, int parts = 1)
    {
        if (string.IsNullOrEmpty(token))
        {
            return null;
        }

        try
        {
            var key = JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(token));
            if (key?.Length == parts && !key.Contains(null))
            {
                return key;
            }
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
        }

        throw new InvalidException("The page token is not one that this list gave out. Leave it out to begin at the first page.");
    }

    /// <exception cref="InvalidException">The page size is out of range.</exception>
    public static int CheckedSize(this PageRequest page) => page.Size is >= 1 and <= PageRequest.MaximumSize
        ? page.Size
        : throw new InvalidException($"A page size of {page.Size} is out of range: 1 to {PageRequest.MaximumSize}.");

    /// <summary>Makes a page of rows that were read with a limit of one more than the page's size.</summary>
    public static Page<T> ToPage<T>(this List<T> rows, PageRequest page, Func<T, string[]> key)
    {
        string? next = null;
        if (rows.Count > page.Size)
        {
            rows.RemoveRange(page.Size, rows.Count - page.Size);
            next = Encode(key(rows[^1]));
        }

        return new Page<T> { Items = rows, NextPageToken = next };
    }
}
