using Minka.Engine.Constraints.Automata;
using Minka.Engine.Constraints.Grammars;
using Minka.Engine.Constraints.Masks;
using Minka.Engine.Constraints.Sources;
using Minka.Engine.Constraints.Sources.Json;

namespace Minka.Engine.Constraints;

/// <summary>Makes constraints ready to be used, and keeps those used last. Many callers at a time.</summary>
/// <param name="vocabulary">The model's.</param>
/// <param name="keptBytesMax">Memory that constraints may hold when nobody uses them.</param>
internal sealed class ConstraintCompiler(TokenVocabulary vocabulary, long keptBytesMax = 256L << 20)
{
    private const int KeptMax = 64, SourceMax = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly LinkedList<(Constraint Constraint, GrammarMasks Masks)> _recent = [];

    /// <summary>Constraints kept.</summary>
    public int Count
    {
        get { lock (_lock) return _recent.Count; }
    }

    /// <summary>The constraint over this vocabulary.</summary>
    /// <exception cref="RequestRefusedException">It is not understood, or too large.</exception>
    public GrammarMasks Compile(Constraint constraint)
    {
        CheckLength(constraint, constraint.Kind is ConstraintKind.Tagged or ConstraintKind.Sequence
            ? 8 * SourceMax : SourceMax);
        lock (_lock)
        {
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.Constraint != constraint) continue;
                _recent.Remove(node);
                _recent.AddFirst(node);
                Trim();
                return node.Value.Masks;
            }
        }

        // Outside the lock: who waits for a large schema keeps nobody else waiting.
        GrammarMasks masks;
        try
        {
            masks = new GrammarMasks(new Grammar(Read(constraint, new JsonTexts())), vocabulary);
        }
        catch (GrammarException refused)
        {
            throw Refuse(refused.Message);
        }
        lock (_lock)
        {
            _recent.AddFirst((constraint, masks));
            Trim();
        }
        _ = Task.Run(masks.Warm);
        return masks;
    }

    /// <summary>Forgets those used longest ago. They grow with use, so all are counted anew each time.</summary>
    private void Trim()
    {
        var bytes = _recent.Sum(kept => kept.Masks.Bytes);
        while (_recent.Count > 1 && (_recent.Count > KeptMax || bytes > keptBytesMax))
        {
            bytes -= _recent.Last!.Value.Masks.Bytes;
            _recent.RemoveLast();
        }
    }

    private static void CheckLength(Constraint constraint, int lengthMax)
    {
        if (constraint.Source.Length > lengthMax)
            throw Refuse($"The constraint has {constraint.Source.Length:N0} characters; {lengthMax:N0} are allowed.");
    }

    /// <summary>The content of a tagged part.</summary>
    private static Rule ReadPart(Constraint constraint, JsonTexts texts)
    {
        CheckLength(constraint, SourceMax);
        return Read(constraint, texts);
    }

    private static Rule Read(Constraint constraint, JsonTexts texts) => constraint.Kind switch
    {
        ConstraintKind.JsonSchema => JsonSchemaReader.Read(constraint.Source, texts),
        ConstraintKind.Regex => RegexReader.Read(constraint.Source),
        ConstraintKind.Grammar => GbnfReader.Read(constraint.Source),
        ConstraintKind.Tagged => TaggedReader.Read(constraint.Source, part => ReadPart(part, texts)),
        ConstraintKind.Choice => ChoiceReader.Read(constraint.Source),
        ConstraintKind.Sequence => new("sequence") { Body = ReadParts(constraint, texts) },
        ConstraintKind.Optional => new("optional") { Body = ReadParts(constraint, texts).Optional() },
        _ => throw new GrammarException($"There is no kind of constraint {constraint.Kind}."),
    };

    private static Expression.Row ReadParts(Constraint constraint, JsonTexts texts) =>
        PartsReader.Read(constraint.Source, part => Read(part, texts));

    private static RequestRefusedException Refuse(string message) =>
        new(RefusalReason.Unsupported, "structured_outputs", message);
}
