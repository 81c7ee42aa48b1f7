namespace OrleansDL.Expressions;

/// <summary>Values an evaluation read, kept for its verdict.</summary>
internal sealed class Operands
{
    private const int MaximumCount = 100;
    private const int MaximumLength = 2048;

    // A map compared with null says enough by its size; the members that were read stand beside it.
    private const int MaximumLengthOfMany = 200;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    public string? NotANumber { get; private set; }

    public void Add(string written, Value value)
    {
        if (_values.Count >= MaximumCount || _values.ContainsKey(written))
        {
            return;
        }

        var json = ValueJson.Write(value);
        _values[written] = value switch
        {
            Value.Map map when json.Length > MaximumLengthOfMany => $"\"a map of {map.Entries.Count}\"",
            Value.List list when json.Length > MaximumLengthOfMany => $"\"a list of {list.Items.Count}\"",
            _ => json.Length <= MaximumLength ? json : $"\"{value.TypeName} of {json.Length} characters\"",
        };
    }

    public void AddNotANumber(string written) => NotANumber ??= written;
}
