using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving.Ensembles;

/// <summary>A random ensemble of the node's models, with conditions, and what it must answer.</summary>
internal sealed class RandomGraph
{
    private const float Limit = 3;
    private readonly List<(string Tensor, Func<IReadOnlyDictionary<string, float[]>, float[]> Value)> _tensors = [];

    public required EnsembleSpec Spec { get; init; }

    public required IReadOnlyList<string> Inputs { get; init; }

    public static RandomGraph Draw(Random random)
    {
        var inputs = Enumerable.Range(0, random.Next(1, 4)).Select(index => $"in{index}").ToList();
        var tensors = new List<string>(inputs);
        var steps = new List<EnsembleStep>();
        var values = new List<(string, Func<IReadOnlyDictionary<string, float[]>, float[]>)>();

        // Every input is read, so the first steps take them in turn.
        var count = random.Next(inputs.Count, 12);
        for (var index = 0; index < count; index++)
        {
            var (tensor, from) = ($"t{index}", index < inputs.Count ? inputs[index] : tensors[random.Next(tensors.Count)]);
            switch (random.Next(3))
            {
                case 0:
                    var (first, second) = (EnsembleNode.Unary[random.Next(EnsembleNode.Unary.Length)], EnsembleNode.Unary[random.Next(EnsembleNode.Unary.Length)]);
                    steps.Add(EnsembleNode.Step(first.Name, $"x={from} -> y={tensor}", $"tensors.{from}[0] > {Limit:0.0}", $"s{index}a"));
                    steps.Add(EnsembleNode.Step(second.Name, $"x={from} -> y={tensor}", name: $"s{index}b"));
                    values.Add((tensor, known => known[from][0] > Limit ? Apply(first, known[from]) : Apply(second, known[from])));
                    break;
                case 1:
                    var binary = EnsembleNode.Binary[random.Next(EnsembleNode.Binary.Length)];
                    var other = tensors[random.Next(tensors.Count)];
                    steps.Add(EnsembleNode.Step(binary.Name, $"a={from} b={other} -> y={tensor}", name: $"s{index}"));
                    values.Add((tensor, known => [.. known[from].Zip(known[other], (left, right) => SmallModels.Compute(binary.Operation, left, right))]));
                    break;
                default:
                    var unary = EnsembleNode.Unary[random.Next(EnsembleNode.Unary.Length)];
                    steps.Add(EnsembleNode.Step(unary.Name, $"x={from} -> y={tensor}", name: $"s{index}"));
                    values.Add((tensor, known => Apply(unary, known[from])));
                    break;
            }

            tensors.Add(tensor);
        }

        // The order in which steps are written must not matter, but for those that make the same tensor.
        var groups = steps.GroupBy(step => step.Outputs.Values.First()).OrderBy(_ => random.Next()).SelectMany(group => group).ToArray();
        var outputs = tensors.Skip(inputs.Count).Where((_, index) => index == count - 1 || random.Next(3) == 0);
        var graph = new RandomGraph { Spec = EnsembleNode.Spec(string.Join(' ', inputs), string.Join(' ', outputs), groups), Inputs = inputs };
        graph._tensors.AddRange(values);
        return graph;
    }

    public Dictionary<string, float[]> Compute(IReadOnlyDictionary<string, float[]> inputs)
    {
        var known = new Dictionary<string, float[]>(inputs);
        foreach (var (tensor, value) in _tensors)
        {
            known[tensor] = value(known);
        }

        return known;
    }

    private static float[] Apply((string Name, string Operation, float Value) model, float[] row) =>
        [.. row.Select(value => SmallModels.Compute(model.Operation, value, model.Value))];
}
