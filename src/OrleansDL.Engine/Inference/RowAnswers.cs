using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using OrleansDL.Heads;
using OrleansDL.Pipelines;
using OrleansDL.Pipelines.Tokens;
using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>Turns what a model put out for rows into answers, by its head.</summary>
internal sealed class RowAnswers
{
    private readonly Pipeline _pipeline;
    private readonly int _top;
    private readonly List<IReadOnlyList<LabelScore>> _labels = [];
    private List<IReadOnlyDictionary<string, double>>? _values;
    private List<IReadOnlyList<LabelScore>>? _steps;
    private List<IReadOnlyList<float>>? _vectors;
    private List<int>? _tokens;

    /// <param name="pipeline">Of the model.</param>
    /// <param name="top">Labels per row at most.</param>
    /// <param name="model">What messages call the model.</param>
    /// <exception cref="InvalidException">The model continues texts, which is no answer to rows.</exception>
    public RowAnswers(Pipeline pipeline, int top, string model)
    {
        (_pipeline, _top) = (pipeline, top);
        if (pipeline.Head is HeadNames.NextToken)
        {
            throw new InvalidException($"Model '{model}' foretells the next token of a text, which is no answer to a row. Send it tokens by the inference protocol, POST /v2/models/NAME/infer: its output 'logits' has the next token's at the last one's place.");
        }
    }

    /// <summary>Rows answered so far.</summary>
    public int Count { get; private set; }

    /// <summary>Output of the model it takes, in the order of preference.</summary>
    public static string OutputOf(Pipeline pipeline) => pipeline.Head switch
    {
        HeadNames.Regression => "values",
        HeadNames.Embedding => "embedding",
        HeadNames.Reconstruction => "reconstruction",
        HeadNames.NextToken => "logits",
        _ => "probabilities",
    };

    /// <param name="input">The encoded row.</param>
    /// <param name="output">What the model put out for it.</param>
    /// <param name="embedding">reconstruction: the vector in the middle; empty when there is none.</param>
    public void Add(ReadOnlySpan<byte> input, ReadOnlySpan<float> output, ReadOnlySpan<float> embedding)
    {
        Count++;
        switch (_pipeline.Head)
        {
            case HeadNames.Labels:
                _labels.Add([.. _pipeline.Decode(output, _top).Where(label => label.Score >= _pipeline.Target!.Threshold)]);
                break;
            case HeadNames.Regression:
                var values = output.ToArray();
                (_values ??= []).Add(_pipeline.Target!.Columns!.Index().ToDictionary(column => column.Item.Name, column => column.Item.Restore(values[column.Index])));
                break;
            case HeadNames.Sequence:
                (_steps ??= []).Add(Steps(input, output));
                break;
            case HeadNames.Embedding:
                (_vectors ??= []).Add(output.ToArray());
                AddTokens(input);
                break;
            case HeadNames.Reconstruction:
                AddReconstruction(MemoryMarshal.Cast<byte, float>(input), output, embedding);
                break;
            default:
                _labels.Add(_pipeline.Decode(output, _top));
                break;
        }
    }

    public PredictAnswer Build() => new()
    {
        Rows = _labels,
        Values = _values,
        Steps = _steps,
        Vectors = _vectors,
        Tokens = _tokens,
    };

    private LabelScore[] Steps(ReadOnlySpan<byte> input, ReadOnlySpan<float> output)
    {
        var labels = _pipeline.Labels.Count;
        var count = _pipeline is TextPipeline ? TokensOf(input) : (int)_pipeline.RowShape[0];

        var steps = new LabelScore[count];
        for (var step = 0; step < steps.Length; step++)
        {
            steps[step] = _pipeline.Decode(output.Slice(step * labels, labels), 1)[0];
        }

        return steps;
    }

    private void AddTokens(ReadOnlySpan<byte> input)
    {
        if (_pipeline is TextPipeline)
        {
            (_tokens ??= []).Add(TokensOf(input));
        }
    }

    /// <summary>Tokens before any padding.</summary>
    private static int TokensOf(ReadOnlySpan<byte> input)
    {
        var tokens = MemoryMarshal.Cast<byte, long>(input);
        var end = tokens.IndexOf((long)Tokenizer.Padding);
        return end < 0 ? tokens.Length : end;
    }

    private void AddReconstruction(ReadOnlySpan<float> input, ReadOnlySpan<float> output, ReadOnlySpan<float> embedding)
    {
        var distance = TensorPrimitives.Distance(input, output);
        (_values ??= []).Add(new Dictionary<string, double> { ["error"] = (double)distance * distance / input.Length });
        if (!embedding.IsEmpty)
        {
            (_vectors ??= []).Add(embedding.ToArray());
        }
    }
}
