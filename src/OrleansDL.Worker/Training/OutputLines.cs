using System.Text;

namespace OrleansDL.Training;

/// <summary>Cuts what a program writes into lines. Whatever the bytes are and however long they go on without a line's end, it keeps little.</summary>
internal static class OutputLines
{
    private const int Buffer = 16 * 1024;

    /// <summary>Reads to the end. A line longer than <paramref name="longest"/> bytes comes cut, the rest of it not at all.</summary>
    public static async Task ReadAsync(Stream output, int longest, Func<string, ValueTask> onLine)
    {
        var buffer = new byte[Buffer];
        var line = new MemoryStream();
        var begun = false;
        int read;
        while ((read = await output.ReadAsync(buffer)) > 0)
        {
            var from = 0;
            while (from < read)
            {
                var end = Array.IndexOf(buffer, (byte)'\n', from, read - from);
                var until = end < 0 ? read : end;
                line.Write(buffer, from, (int)Math.Min(until - from, longest - line.Length));
                begun = true;
                if (end >= 0)
                {
                    await onLine(Take(line));
                    begun = false;
                }

                from = until + 1;
            }
        }

        if (begun && line.Length > 0)
        {
            await onLine(Take(line));
        }
    }

    // What is no UTF-8 becomes the replacement character, and so do the controls that a terminal would obey.
    private static string Take(MemoryStream line)
    {
        var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length).TrimEnd('\r');
        line.SetLength(0);
        return string.Create(text.Length, text, (clean, dirty) =>
        {
            for (var i = 0; i < dirty.Length; i++)
            {
                clean[i] = char.IsControl(dirty[i]) && dirty[i] != '\t' ? '\uFFFD' : dirty[i];
            }
        });
    }
}
