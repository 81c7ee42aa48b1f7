using System.Globalization;
using OrleansDL.Expressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OrleansDL.Workflows.Definitions;

/// <summary>Reads one YAML document within limits, so that no file can take more memory than it shows.</summary>
internal sealed class YamlReader
{
    /// <summary>Longest file in characters.</summary>
    public const int MaximumLength = 256 * 1024;

    private const int MaximumDepth = 32;
    private const int MaximumNodes = 20_000;

    private readonly Dictionary<string, YamlNode> _anchors = new(StringComparer.Ordinal);
    private readonly YamlDotNet.Core.Parser _parser;
    private int _nodes;

    private YamlReader(string text) => _parser = new YamlDotNet.Core.Parser(new StringReader(text));

    /// <exception cref="InvalidException">The text is no YAML, or over a limit.</exception>
    public static YamlNode Read(string text)
    {
        if (text.Length > MaximumLength)
        {
            throw new TooLargeException($"The workflow file has {text.Length} characters; {MaximumLength} is the limit.");
        }

        var reader = new YamlReader(text);
        try
        {
            reader.Next<StreamStart>();
            reader.Next();
            if (reader._parser.Current is StreamEnd)
            {
                throw new Place("", 1).Wrong("the file is empty. A workflow starts with 'apiVersion: orleansdl/v1'.");
            }

            reader.Next();
            var root = reader.ReadNode("", 0);
            reader.Next<DocumentEnd>();
            reader.Next();
            return reader._parser.Current is StreamEnd
                ? root
                : throw reader.Here("").Wrong("a second document begins. Send one workflow per file.");
        }
        catch (YamlException problem)
        {
            throw new InvalidException($"The workflow is no YAML (line {problem.Start.Line}, column {problem.Start.Column}): {problem.Message}");
        }
    }

    private Place Here(string path) => new(path, _parser.Current?.Start.Line ?? 1);

    private void Next()
    {
        bool more;
        try
        {
            more = _parser.MoveNext();
        }
        catch (Exception problem) when (problem is not YamlException)
        {
            // The parser tells of some malformed files by exceptions of other kinds.
            throw Here("").Wrong($"the file is no YAML from here on: {problem.Message}");
        }

        if (!more)
        {
            throw Here("").Wrong("the file ends too early.");
        }
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        Next();
        if (_parser.Current is not T)
        {
            throw Here("").Wrong($"this is not where a {typeof(T).Name} was expected.");
        }
    }

    /// <summary>Reads the node whose first event is the current one, and leaves its last event current.</summary>
    private YamlNode ReadNode(string path, int depth)
    {
        var at = Here(path);
        if (depth > MaximumDepth)
        {
            throw at.Wrong($"nests deeper than {MaximumDepth}.");
        }

        switch (_parser.Current)
        {
            case AnchorAlias alias:
                var known = _anchors.GetValueOrDefault(alias.Value.Value)
                    ?? throw at.Wrong($"the alias '*{alias.Value}' has no anchor before it.");
                Take(known.Count, at);
                return known;
            case Scalar scalar:
                Take(1, at);
                return Anchored(scalar, new YamlNode(at) { Scalar = Resolve(scalar, at), Text = scalar.Value });
            case SequenceStart start:
                Take(1, at);
                return Anchored(start, ReadList(at, path, depth));
            case MappingStart start:
                Take(1, at);
                return Anchored(start, ReadMap(at, path, depth));
            default:
                throw at.Wrong("a value was expected here.");
        }
    }

    private YamlNode ReadList(Place at, string path, int depth)
    {
        var items = new List<YamlNode>();
        for (Next(); _parser.Current is not SequenceEnd; Next())
        {
            items.Add(ReadNode($"{path}[{items.Count}]", depth + 1));
        }

        return new YamlNode(at) { Items = items, Count = 1 + items.Sum(item => item.Count) };
    }

    private YamlNode ReadMap(Place at, string path, int depth)
    {
        var entries = new List<KeyValuePair<string, YamlNode>>();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (Next(); _parser.Current is not MappingEnd; Next())
        {
            if (_parser.Current is not Scalar key)
            {
                throw Here(path).Wrong("a key must be plain text.");
            }

            if (!keys.Add(key.Value))
            {
                throw Here(path).Wrong($"the key '{key.Value}' stands twice.");
            }

            Next();
            entries.Add(new(key.Value, ReadNode(path.Length == 0 ? key.Value : $"{path}.{key.Value}", depth + 1)));
        }

        return new YamlNode(at) { Entries = entries, Count = 1 + entries.Sum(entry => entry.Value.Count) };
    }

    private YamlNode Anchored(NodeEvent start, YamlNode node)
    {
        if (!start.Tag.IsEmpty && !start.Tag.IsNonSpecific)
        {
            throw node.At.Wrong($"tags such as '{start.Tag}' are not used in workflows.");
        }

        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor.Value] = node;
        }

        return node;
    }

    private void Take(int nodes, Place at)
    {
        _nodes += nodes;
        if (_nodes > MaximumNodes)
        {
            throw at.Wrong($"the file has more than {MaximumNodes} values, aliases counted as often as they are used.");
        }
    }

    // The core schema of YAML 1.2: 'yes' and 'on' are text.
    private static Value Resolve(Scalar scalar, Place at)
    {
        if (scalar.Style is not ScalarStyle.Plain)
        {
            return Value.Of(scalar.Value);
        }

        var text = scalar.Value;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return Value.Nothing;
            case "true" or "True" or "TRUE":
                return Value.Of(true);
            case "false" or "False" or "FALSE":
                return Value.Of(false);
        }

        var digits = text.AsSpan().TrimStart("+-");
        if (digits.Length == 0 || !char.IsAsciiDigit(digits[0]) || digits.Length < text.Length - 1)
        {
            return Value.Of(text);
        }

        if (digits.ContainsAnyExceptInRange('0', '9'))
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? Value.Of(number)
                : Value.Of(text);
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? Value.Of(whole)
            : throw at.Wrong($"'{text}' does not fit in 64 bits. Quote it if it is text.");
    }
}
