namespace OrleansDL.Onnx;

/// <summary>
/// What a network has seen before the steps it is given. Each row has a length of its own: of the room for keys and values that comes in, the
/// first places are filled, and the rest is not looked at.
/// </summary>
internal sealed class OnnxPast
{
    /// <summary>Name of the graph, by which a loader knows its form.</summary>
    public const string Form = "generation-1";

    /// <summary>int64 [batch]: steps of each row seen before.</summary>
    public const string Lengths = "past.lengths";

    private OnnxGraph _graph = null!;
    private string? _places;
    private string? _filled;

    /// <summary>Layers that keep something.</summary>
    public int Layers { get; private set; }

    public static string KeysOf(int layer) => $"past.{layer}.keys";

    public static string ValuesOf(int layer) => $"past.{layer}.values";

    public static string NewKeysOf(int layer) => $"new.{layer}.keys";

    public static string NewValuesOf(int layer) => $"new.{layer}.values";

    /// <summary>Declares the input that holds the lengths.</summary>
    public void Begin(OnnxGraph graph)
    {
        _graph = graph;
        graph.Input(Lengths, OnnxType.Int64, [-1]);
    }

    /// <summary>int64 [batch, steps]: the place of each step of a value [batch, steps, ...] in its whole row.</summary>
    public string Places(string value) => _places ??= _graph.Node(
        "Add", [_graph.Node("Unsqueeze", [Lengths, _graph.Integers(1)]), _graph.Range(_graph.Size(value, 1))]);

    /// <summary>bool [batch, room]: whether a place of the room is filled.</summary>
    /// <param name="room">Its size, without an axis.</param>
    public string Filled(string room) => _filled ??= _graph.Node(
        "Less", [_graph.Range(room), _graph.Node("Unsqueeze", [Lengths, _graph.Integers(1)])]);

    /// <summary>Declares inputs [batch, heads, room, width] for the keys and values of earlier steps, and gives out those of the steps at hand, [batch, heads, steps, width].</summary>
    public (string Keys, string Values) Keep(long heads, long width, string keys, string values)
    {
        var layer = Layers++;
        _graph.Node("Identity", [keys], NewKeysOf(layer));
        _graph.Node("Identity", [values], NewValuesOf(layer));
        _graph.Output(NewKeysOf(layer), [-1, heads, -1, width]);
        _graph.Output(NewValuesOf(layer), [-1, heads, -1, width]);
        return (
            _graph.Input(KeysOf(layer), OnnxType.Float, [-1, heads, -1, width], "room"),
            _graph.Input(ValuesOf(layer), OnnxType.Float, [-1, heads, -1, width], "room"));
    }
}
