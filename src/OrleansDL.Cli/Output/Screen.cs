using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace OrleansDL.Output;

/// <summary>What a command prints: lines and tables for people, JSON for programs; progress goes to the error stream.</summary>
internal sealed class Screen(TextWriter output, TextWriter error, bool json, bool terminal)
{
    private const int WideEnough = 240;

    private int _shown;

    public bool Json => json;

    public static Screen Of(ParseResult parsed) => new(
        parsed.InvocationConfiguration.Output,
        parsed.InvocationConfiguration.Error,
        parsed.GetValue(GlobalOptions.Json),
        !Console.IsErrorRedirected);

    /// <summary>A line for people; silent with --json.</summary>
    public void Line(string text = "")
    {
        if (!json)
        {
            Clear();
            output.WriteLine(text);
        }
    }

    /// <summary>The answer itself, with --json as it came from the API.</summary>
    public void Show<T>(T answer, Action<T> print)
    {
        Clear();
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(answer, OdlJson.Options));
        }
        else
        {
            print(answer);
        }
    }

    /// <summary>A list: a table for people, one JSON array for programs.</summary>
    public async Task ListAsync<T>(IAsyncEnumerable<T> items, int limit, string[] columns, Func<T, string?[]> row, CancellationToken cancellationToken)
    {
        var all = new List<T>();
        await foreach (var item in items.WithCancellation(cancellationToken))
        {
            if (all.Count == limit)
            {
                Note($"There are more: --limit {limit * 10} shows more of them.");
                break;
            }

            all.Add(item);
        }

        Show(all, list => Table(columns, list.Select(row)));
    }

    public void Table(string[] columns, IEnumerable<string?[]> rows)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column.ToUpperInvariant())) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(Format.OneLine(cell ?? "-")))]);
        }

        Write(table);
    }

    /// <summary>Names and values, one pair a line.</summary>
    public void Facts(params ReadOnlySpan<(string Name, string? Value)> facts)
    {
        var width = 0;
        foreach (var (name, _) in facts)
        {
            width = Math.Max(width, name.Length);
        }

        foreach (var (name, value) in facts)
        {
            if (value is not null)
            {
                Line($"{name.PadRight(width)}  {value}");
            }
        }
    }

    /// <summary>Something to know that is not the answer.</summary>
    public void Note(string text)
    {
        Clear();
        error.WriteLine(text);
    }

    /// <summary>How far it is: one line that changes on a terminal, and nothing elsewhere.</summary>
    public void Progress(string text)
    {
        if (terminal && !json)
        {
            error.Write('\r' + text.PadRight(_shown));
            _shown = text.Length;
        }
    }

    private void Clear()
    {
        if (_shown > 0)
        {
            error.Write('\r' + new string(' ', _shown) + '\r');
            _shown = 0;
        }
    }

    private void Write(Table table)
    {
        using var buffer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Out = new AnsiConsoleOutput(buffer),
        });
        console.Profile.Width = WideEnough;
        console.Write(table);
        foreach (var line in buffer.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            output.WriteLine(line.TrimEnd());
        }
    }
}
