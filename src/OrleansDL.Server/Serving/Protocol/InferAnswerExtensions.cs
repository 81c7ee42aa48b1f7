using System.Runtime.InteropServices;

namespace OrleansDL.Serving.Protocol;

internal static class InferAnswerExtensions
{
    /// <summary>The most probable label of each row, without a copy where the list allows it.</summary>
    public static ReadOnlySpan<LabelScore> TopSpan(this InferAnswer answer) => answer.Top switch
    {
        LabelScore[] array => array,
        List<LabelScore> list => CollectionsMarshal.AsSpan(list),
        _ => answer.Top.ToArray(),
    };
}
