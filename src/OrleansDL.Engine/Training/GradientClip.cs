using OrleansDL.Networks;

namespace OrleansDL.Training;

/// <summary>Keeps the gradients of a step within bounds.</summary>
internal static class GradientClip
{
    /// <returns>Norm of all gradients before it was bounded; null when only single values are.</returns>
    public static double? Apply(Network network, ClipSpec clip)
    {
        if (clip.Value is { } value)
        {
            network.Gradients.clamp_(Held(-value), Held(value));
        }

        if (clip.Norm is not { } greatest)
        {
            return null;
        }

        var norm = network.Gradients.norm().item<float>();
        if (norm > greatest)
        {
            network.Gradients.mul_(Held(greatest / norm));
        }

        return norm;
    }
}
