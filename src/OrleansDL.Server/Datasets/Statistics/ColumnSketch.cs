using System.Globalization;
using System.Text;
using OrleansDL.Telemetry;

namespace OrleansDL.Datasets.Statistics;

/// <summary>A column's sketches in memory, lifted from what is stored; where only counts are stored they give the same sketches exactly.</summary>
/// <remarks>A part that one side does not know (it was committed before there were sketches, or was too wide) is not known of the whole either.</remarks>
internal sealed class ColumnSketch
{
    private readonly ColumnType _type;

    public ColumnSketch(ColumnStatistics column, ColumnType type)
    {
        _type = type;
        if (column.Values is { } values)
        {
            Lift(values);
        }
        else if (column.Count == 0)
        {
            Lift(new Dictionary<string, long>());
        }
        else if (column.Sketches is { } sketches)
        {
            Distinct = sketches.Distinct is { } distinct ? HyperLogLog.FromBytes(distinct) : null;
            Numbers = Read(sketches.Numbers);
            Characters = Read(sketches.Characters);
            Words = Read(sketches.Words);
            Widths = Read(sketches.Widths);
            Heights = Read(sketches.Heights);
            Top = sketches.Top?.ToDictionary(StringComparer.Ordinal);
            TopError = sketches.TopError;
        }
    }

    public HyperLogLog? Distinct { get; private set; }
    public DDSketch? Numbers { get; private set; }
    public DDSketch? Characters { get; private set; }
    public DDSketch? Words { get; private set; }
    public DDSketch? Widths { get; private set; }
    public DDSketch? Heights { get; private set; }
    public Dictionary<string, long>? Top { get; private set; }
    public long TopError { get; private set; }

    public void Merge(ColumnSketch other)
    {
        Distinct = Both(Distinct, other.Distinct, (mine, its) => mine.Merge(its));
        Numbers = Both(Numbers, other.Numbers, (mine, its) => mine.Merge(its));
        Characters = Both(Characters, other.Characters, (mine, its) => mine.Merge(its));
        Words = Both(Words, other.Words, (mine, its) => mine.Merge(its));

        // Of images that were committed before sizes were looked for nothing is known; of the others it is.
        Widths = Either(Widths, other.Widths);
        Heights = Either(Heights, other.Heights);
        Top = Both(Top, other.Top, (mine, its) =>
        {
            foreach (var (value, count) in its)
            {
                mine[value] = mine.GetValueOrDefault(value) + count;
            }
        });
        TopError += other.TopError;
    }

    public ColumnSketches ToSketches()
    {
        Trim();
        return new ColumnSketches
        {
            Distinct = Distinct?.ToBytes(),
            Numbers = Numbers?.ToBytes(),
            Characters = Characters?.ToBytes(),
            Words = Words?.ToBytes(),
            Widths = Widths?.ToBytes(),
            Heights = Heights?.ToBytes(),
            Top = Top,
            TopError = TopError,
        };
    }

    private void Lift(IReadOnlyDictionary<string, long> values)
    {
        if (_type is ColumnType.Image or ColumnType.Tensor)
        {
            return;
        }

        Distinct = new HyperLogLog();
        Top = new Dictionary<string, long>(StringComparer.Ordinal);
        Numbers = _type is ColumnType.Int64 or ColumnType.Float64 ? new DDSketch() : null;
        var lengths = _type == ColumnType.String ? new TextLengths() : null;
        foreach (var (value, count) in values)
        {
            var key = ColumnAccumulator.Canonical(value, _type);
            Top[key] = Top.GetValueOrDefault(key) + count;
            var text = Encoding.UTF8.GetBytes(key);
            lengths?.Add(text, count);
            if (Numbers is not null)
            {
                var number = double.Parse(key, CultureInfo.InvariantCulture);
                Numbers.Add(number, count);
                Distinct.Add(_type == ColumnType.Int64 ? ValueHash.OfInteger(text) : ValueHash.Of(number));
            }
            else
            {
                Distinct.Add(ValueHash.Of(text));
            }
        }

        if (lengths is not null)
        {
            (Characters, Words) = lengths.Finish();
        }
    }

    // Taking the next count below the kept ones from all keeps the error below rows / Kept (Agarwal and others 2012).
    private void Trim()
    {
        if (Top is null || Top.Count <= ValueCounter.Kept)
        {
            return;
        }

        var cut = Top.Values.OrderDescending().ElementAt(ValueCounter.Kept);
        Top = Top.Where(pair => pair.Value > cut).ToDictionary(pair => pair.Key, pair => pair.Value - cut, StringComparer.Ordinal);
        TopError += cut;
    }

    private static DDSketch? Read(byte[]? bytes) => bytes is null ? null : DDSketch.FromBytes(bytes);

    private static DDSketch? Either(DDSketch? mine, DDSketch? its)
    {
        if (mine is not null && its is not null)
        {
            mine.Merge(its);
        }

        return mine ?? its;
    }

    private static T? Both<T>(T? mine, T? its, Action<T, T> merge)
        where T : class
    {
        if (mine is null || its is null)
        {
            return null;
        }

        merge(mine, its);
        return mine;
    }
}
