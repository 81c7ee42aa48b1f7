namespace OrleansDL.Serving;

/// <summary>Answers for raw rows.</summary>
[GenerateSerializer, Immutable, Alias("predict-answer")]
public sealed class PredictAnswer
{
    /// <summary>For each row its labels, best first: the greatest, or for a model of any number of labels those above its threshold. None for models without labels of rows.</summary>
    [Id(0)] public required IReadOnlyList<IReadOnlyList<LabelScore>> Rows { get; init; }

    /// <summary>For each row its values by name, where the model predicts numbers; a model that reconstructs rows answers the <c>error</c>.</summary>
    [Id(1)] public IReadOnlyList<IReadOnlyDictionary<string, double>>? Values { get; init; }

    /// <summary>For each row the label of each token or time step, where the model labels steps.</summary>
    [Id(2)] public IReadOnlyList<IReadOnlyList<LabelScore>>? Steps { get; init; }

    /// <summary>For each row its vector, where the model gives one.</summary>
    [Id(3)] public IReadOnlyList<IReadOnlyList<float>>? Vectors { get; init; }

    /// <summary>For each row how many tokens the model saw of it, where rows are texts and the model gives vectors.</summary>
    [Id(24)] public IReadOnlyList<int>? Tokens { get; init; }
}
