using Microsoft.ML.OnnxRuntime;
using OrleansDL.Onnx;

namespace OrleansDL.Inference.Generation;

/// <summary>
/// Rows whose keys and values are kept. They lie as the model takes them, row after row, so that a step copies only what is new; room grows by
/// doubling up to the longest text, and rows may differ in length.
/// </summary>
internal sealed class CachedRows : ITokenRows
{
    private const int FirstRoom = 32;

    private readonly InferenceSession _session;
    private readonly int _vocabulary;
    private readonly int _longest;
    private readonly int _layers;
    private readonly int _heads;
    private readonly int _width;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly long[] _lengths;

    /// <summary>For each layer the keys, then the values: [rows, heads, room, width].</summary>
    private float[][] _kept;
    private int _room;

    public CachedRows(InferenceSession session, int longest, int vocabulary, int count)
    {
        (_session, _longest, _vocabulary) = (session, longest, vocabulary);
        _layers = session.OutputMetadata.Count / 2;
        var keys = session.InputMetadata[OnnxPast.KeysOf(0)].Dimensions;
        (_heads, _width) = (keys[1], keys[3]);
        var layers = Enumerable.Range(0, _layers).ToList();
        _inputs = ["input", OnnxPast.Lengths, .. layers.SelectMany(layer => (string[])[OnnxPast.KeysOf(layer), OnnxPast.ValuesOf(layer)])];
        _outputs = ["logits", .. layers.SelectMany(layer => (string[])[OnnxPast.NewKeysOf(layer), OnnxPast.NewValuesOf(layer)])];
        _lengths = GC.AllocateArray<long>(count, pinned: true);
        _room = Math.Min(FirstRoom, longest);
        _kept = NewRoom(_room);
    }

    public void Feed(int row, ReadOnlySpan<long> tokens, Span<float> logits) => Run(row, 1, tokens, logits);

    public void Step(ReadOnlySpan<long> tokens, Span<float> logits) => Run(0, tokens.Length, tokens, logits);

    public void Move(int from, int to)
    {
        foreach (var kept in _kept)
        {
            var size = kept.Length / _lengths.Length;
            kept.AsSpan(from * size, size).CopyTo(kept.AsSpan(to * size));
        }

        _lengths[to] = _lengths[from];
        Clear(from);
    }

    public void Clear(int row) => _lengths[row] = 0;

    public void Dispose()
    {
    }

    private unsafe void Run(int first, int rows, ReadOnlySpan<long> tokens, Span<float> logits)
    {
        var steps = tokens.Length / rows;
        var need = 0L;
        for (var row = first; row < first + rows; row++)
        {
            need = Math.Max(need, _lengths[row] + steps);
        }

        EnsureRoom((int)need);
        var size = _heads * _room * _width;
        var values = new List<OrtValue>(_inputs.Length);
        try
        {
            fixed (long* given = tokens, lengths = _lengths)
            {
                values.Add(Wrap(given, tokens.Length, [rows, steps]));
                values.Add(Wrap(lengths + first, rows, [rows]));
                foreach (var kept in _kept)
                {
                    fixed (float* start = kept)
                    {
                        // The arrays are pinned as long as they live.
                        values.Add(Wrap(start + ((long)first * size), (long)rows * size, [rows, _heads, _room, _width]));
                    }
                }

                using var options = new RunOptions();
                using var results = _session.Run(options, _inputs, values, _outputs);
                results[0].GetTensorDataAsSpan<float>().CopyTo(logits);
                for (var index = 0; index < _kept.Length; index++)
                {
                    Keep(results[index + 1].GetTensorDataAsSpan<float>(), _kept[index], first, rows, steps);
                }
            }
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }

        for (var row = first; row < first + rows; row++)
        {
            _lengths[row] += steps;
        }
    }

    /// <summary>What is new, [rows, heads, steps, width], to its place behind what each row has.</summary>
    private void Keep(ReadOnlySpan<float> added, float[] kept, int first, int rows, int steps)
    {
        var length = steps * _width;
        for (var index = 0; index < rows * _heads; index++)
        {
            var row = first + (index / _heads);
            var at = ((((long)first * _heads) + index) * _room) + _lengths[row];
            added.Slice(index * length, length).CopyTo(kept.AsSpan((int)(at * _width)));
        }
    }

    private void EnsureRoom(int need)
    {
        if (need <= _room)
        {
            return;
        }

        var (old, before) = (_kept, _room);
        while (_room < need)
        {
            _room = Math.Min(_room * 2, _longest);
        }

        _kept = NewRoom(_room);
        for (var index = 0; index < old.Length; index++)
        {
            for (var part = 0; part < _lengths.Length * _heads; part++)
            {
                old[index].AsSpan(part * before * _width, before * _width).CopyTo(_kept[index].AsSpan(part * _room * _width));
            }
        }
    }

    private float[][] NewRoom(int room)
    {
        var size = checked(_lengths.Length * _heads * room * _width);
        return [.. Enumerable.Range(0, 2 * _layers).Select(_ => GC.AllocateArray<float>(size, pinned: true))];
    }

    private static unsafe OrtValue Wrap<T>(T* data, long count, long[] shape)
        where T : unmanaged => OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance,
            typeof(T) == typeof(long) ? Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64 : Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float,
            shape, (nint)data, count * sizeof(T));
}
