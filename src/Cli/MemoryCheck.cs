using System.Globalization;
using Minka.Cli.Options;
using Minka.Compute;
using Minka.Compute.Cpu;
using Minka.Models;

namespace Minka.Cli;

/// <summary>Says before loading that a model will not fit, rather than letting the system end the process.</summary>
internal static class MemoryCheck
{
    /// <summary>Bytes that weights, cache, activations and logits will take.</summary>
    public static long Needed(ModelPackage package, ModelLoadOptions options, ModelChoice choice)
    {
        var config = package.Config;
        var kvBlock = new KvShape(1, config.KvHeads, config.HeadDim, options.KvType).BlockBytes * config.Layers;
        return checked(WeightBytes(package, options, choice) + kvBlock * options.KvBlocks
            + ScratchBytes(package, options, choice));
    }

    /// <summary>Refuses what does not fit.</summary>
    /// <exception cref="ModelFormatException">More is needed than is free.</exception>
    public static void Require(ModelPackage package, ModelLoadOptions options, ModelChoice choice)
    {
        var isReference = choice.Compute == ComputeMode.F32;
        var (needed, free) = (Needed(package, options, choice), CpuInfo.Read().AvailableMemoryBytes);
        if (needed <= free) return;
        var weights = WeightBytes(package, options, isReference);
        throw new ModelFormatException(string.Create(CultureInfo.InvariantCulture,
            $"'{package.Weights.Path}' needs {GiB(needed)} GiB (weights {GiB(weights)}, the rest for the cache of "
            + $"{options.KvBlocks * KvShape.BlockTokens} positions) and {GiB(free)} GiB are free; "
            + $"{Advice(options, isReference)}."));
    }

    /// <summary>Bytes that the weights will take.</summary>
    public static long WeightBytes(ModelPackage package, ModelLoadOptions options, ModelChoice choice) =>
        WeightBytes(package, options, choice.Compute == ComputeMode.F32);

    /// <summary>Bytes that activations will take, those of a part of a step for each core too, and the logits that the
    /// engine reads.</summary>
    public static long ScratchBytes(ModelPackage package, ModelLoadOptions options, ModelChoice choice)
    {
        var (config, limits) = (package.Config, options.Limits);
        var cores = CpuBackend.CoresOf(choice.Backend, DecodeBytes(package, options, choice));
        var logits = (long)sizeof(float) * limits.LogitRows * config.VocabularySize;
        return checked(Decoder.ScratchBytes(config, limits, cores) + logits);
    }

    /// <summary>Bytes of the weights that a token reads: not those of experts it does not go to, nor a table of
    /// embeddings that is not the head too. Where a file mixes formats, at their mean.</summary>
    private static long DecodeBytes(ModelPackage package, ModelLoadOptions options, ModelChoice choice)
    {
        var (config, experts) = (package.Config, package.Config.Experts);
        var sparse = Enumerable.Range(0, config.Layers).Count(experts.IsSparse);
        var idle = 3.0 * sparse * (experts.Count - experts.Active) * experts.Width * config.Width
            + (config.TiedEmbeddings ? 0 : (double)config.VocabularySize * config.Width);
        var parameters = package.Weights.Stored.Sum(tensor => tensor.Shape.Aggregate(1.0, (all, size) => all * size));
        return (long)(WeightBytes(package, options, choice) * Math.Max(0, 1 - idle / parameters));
    }

    private static long WeightBytes(ModelPackage package, ModelLoadOptions options, bool isReference)
    {
        var type = isReference ? DType.F32 : options.WeightType;
        var stored = package.Weights.Stored;
        if (type is not { } format) return stored.Sum(tensor => tensor.Bytes);
        var parameters = stored.Sum(tensor => tensor.Shape.Aggregate(1L, (product, size) => checked(product * size)));
        return checked(parameters / format.BlockLength() * format.BlockBytes());
    }

    private static string Advice(ModelLoadOptions options, bool isReference) =>
        isReference ? "--compute int8 needs a quarter"
        : options.WeightType is DType.Q4_0 ? "lower --ctx, or take a smaller model"
        : "try --quantize q4_0, a lower --ctx, or a smaller model";

    private static string GiB(long bytes) =>
        (bytes / (double)(1L << 30)).ToString("F1", CultureInfo.InvariantCulture);
}
