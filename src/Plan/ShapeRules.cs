namespace Minka.Plan;

/// <summary>A model that can be cut at all.</summary>
internal static class ShapeRules
{
    public static void Check(ModelShape model, List<PlanViolation> found)
    {
        Size("layers", model.Layers, 1, 10_000);
        Size("width", model.Width, 1, 1 << 20);
        Size("heads", model.Heads, 1, 1 << 14);
        Size("kvHeads", model.KvHeads, 1, 1 << 14);
        Size("headDim", model.HeadDim, 1, 1 << 14);
        Size("feedForwardWidth", model.FeedForwardWidth, 0, 1 << 24);
        Size("vocabularySize", model.VocabularySize, 1, 1 << 24);
        Size("experts", model.Experts, 0, 1 << 14);
        Size("columnBlock", model.ColumnBlock, 1, 1024);
        Size("rowGroup", model.RowGroup, 1, 1024);
        if (found.Count > 0) return;

        if (model.Heads % model.KvHeads != 0)
            found.Add(new("model.kvHeads", $"{model.Heads} query heads are not a multiple of {model.KvHeads} "
                + "key-value heads."));
        if (model.Hash.Length != 64 || !model.Hash.All(char.IsAsciiHexDigitLower))
            found.Add(new("model.hash", $"'{model.Hash}' is not 64 lower-case hexadecimal digits (SHA-256)."));
        if (!IsAscending(model.DenseLayers, model.Layers))
            found.Add(new("model.denseLayers", $"{string.Join(", ", model.DenseLayers.Take(10))} are not layers below "
                + $"{model.Layers}, each once and in order."));
        CheckBytes(model.Bytes, found);

        void Size(string name, int value, int min, int max)
        {
            if (value < min || value > max)
                found.Add(new($"model.{name}", $"{value} is not within {min} and {max}."));
        }
    }

    private static bool IsAscending(IReadOnlyList<int> layers, int end)
    {
        var last = -1;
        foreach (var layer in layers)
        {
            if (layer <= last || layer >= end) return false;
            last = layer;
        }
        return true;
    }

    private static void CheckBytes(ModelBytes bytes, List<PlanViolation> found)
    {
        long[] parts =
        [
            bytes.Attention, bytes.FeedForward, bytes.Experts, bytes.Replicated, bytes.Embedding, bytes.Head,
        ];
        if (parts.Any(part => part is < 0 or > 1L << 44))
            found.Add(new("model.bytes", $"Each part weighs between 0 and 2^44 bytes; found {bytes}."));
    }
}
