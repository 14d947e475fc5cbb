using System.Globalization;
using Minka.Compute;
using Minka.Models;

namespace Minka.Cli;

/// <summary>What the cache of keys and values takes, as a product that can be checked by hand.</summary>
internal static class KvArithmetic
{
    /// <summary>One line, or nothing where the cache is on other machines.</summary>
    /// <param name="config">Layers and heads.</param>
    /// <param name="type">How keys and values are stored.</param>
    /// <param name="memory">What was taken.</param>
    public static string Of(ModelConfig config, DType type, ModelMemory memory)
    {
        if (memory.KvBlockBytes == 0) return "";
        var positions = memory.KvBytes / memory.KvBlockBytes * KvShape.BlockTokens;
        var perPosition = memory.KvBlockBytes / KvShape.BlockTokens;
        var perValue = (double)type.RowBytes(config.HeadDim) / config.HeadDim;
        var product = string.Create(CultureInfo.InvariantCulture,
            $"{config.Layers} layers x {config.KvHeads} heads x {config.HeadDim} x {perValue:0.####} bytes of {type}");
        return string.Create(CultureInfo.InvariantCulture,
            $"{positions} positions x {perPosition} bytes = {memory.KvBytes / 1048576.0:F1} MiB "
            + $"({product}, keys and values)");
    }
}
