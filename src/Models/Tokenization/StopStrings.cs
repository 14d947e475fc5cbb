using System.Text;

namespace Minka.Models.Tokenization;

/// <summary>Finds stop strings in text that arrives in parts, holding back what may begin one.</summary>
/// <remarks>
/// The match that ends first wins, of those the longest, so the result does not depend on where the parts are cut. Each
/// character is looked at once (Aho and Corasick 1975). Comparison is by code unit.
/// </remarks>
public sealed class StopStrings
{
    private readonly Dictionary<(int Node, char Unit), int> _edges = [];
    private readonly List<Node> _nodes = [new Node(0, 0, null)];
    private readonly StringBuilder _held = new();
    private int _at;

    /// <summary>A place in the tree of stop strings.</summary>
    /// <param name="Depth">Characters from the root.</param>
    /// <param name="Fallback">Node of the longest proper suffix that is in the tree.</param>
    /// <param name="Stop">Longest stop string that ends here.</param>
    private readonly record struct Node(int Depth, int Fallback, string? Stop);

    /// <summary>Begins a text.</summary>
    /// <param name="stops">What ends it; empty strings never do.</param>
    public StopStrings(IEnumerable<string> stops)
    {
        ArgumentNullException.ThrowIfNull(stops);
        foreach (var stop in stops.Where(stop => stop.Length > 0)) Enter(stop);
        LinkFallbacks();
    }

    /// <summary>The stop string that was found; null while there is none.</summary>
    public string? Found { get; private set; }

    /// <summary>Takes more text.</summary>
    /// <returns>Text that is certainly before any stop string; nothing once one was found.</returns>
    public string Push(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Found is not null) return "";
        if (_nodes.Count == 1) return text;

        foreach (var unit in text)
        {
            _held.Append(unit);
            _at = Step(_at, unit);
            Found = _nodes[_at].Stop;
            if (Found is not null) return Release(_held.Length - Found.Length);
        }
        return Release(_held.Length - _nodes[_at].Depth);
    }

    /// <summary>Ends the text.</summary>
    /// <returns>What was held back; nothing when a stop string was found.</returns>
    public string Finish() => Found is null ? Release(_held.Length) : "";

    private string Release(int count)
    {
        if (count == 0) return "";
        var text = _held.ToString(0, count);
        _held.Remove(0, count);
        return text;
    }

    private int Step(int node, char unit)
    {
        int next;
        while (!_edges.TryGetValue((node, unit), out next) && node != 0) node = _nodes[node].Fallback;
        return next;
    }

    private void Enter(string stop)
    {
        var node = 0;
        foreach (var unit in stop)
        {
            if (!_edges.TryGetValue((node, unit), out var next))
            {
                next = _nodes.Count;
                _edges.Add((node, unit), next);
                _nodes.Add(new Node(_nodes[node].Depth + 1, 0, null));
            }
            node = next;
        }
        _nodes[node] = _nodes[node] with { Stop = stop };
    }

    // A node's fallback is shallower than it, so nodes are linked in the order of their depth.
    private void LinkFallbacks()
    {
        foreach (var ((parent, unit), node) in _edges.OrderBy(edge => _nodes[edge.Value].Depth))
        {
            var fallback = parent == 0 ? 0 : Step(_nodes[parent].Fallback, unit);
            _nodes[node] = _nodes[node] with { Fallback = fallback, Stop = _nodes[node].Stop ?? _nodes[fallback].Stop };
        }
    }
}
