using Minka.Server.Generating;

namespace Minka.Server.Responses;

/// <summary>A response that can be asked for, and gone on from.</summary>
/// <param name="Id">Of the response.</param>
/// <param name="Owner">Name of the key that asked for it; others do not see it.</param>
/// <param name="Json">As it was answered, in UTF-8.</param>
/// <param name="Turns">The conversation up to its end, without instructions.</param>
internal sealed record StoredResponse(string Id, string Owner, byte[] Json, IReadOnlyList<ChatTurn> Turns)
{
    /// <summary>Memory that it takes, about.</summary>
    public long Bytes { get; } = 1024 + Json.Length + Turns.Sum(turn => 200L + (2 * (turn.Content?.Length ?? 0))
        + turn.Calls.Sum(call => 200L + (2 * (call.Name.Length + call.Arguments.Length))));
}

/// <summary>Responses in memory; the oldest go when there is no more room. Many callers at a time.</summary>
/// <param name="countMax">Responses at most.</param>
/// <param name="bytesMax">Memory for them at most, about.</param>
internal sealed class ResponseStore(int countMax = 10_000, long bytesMax = 64L << 20)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<StoredResponse>> _nodeById = [];
    private readonly LinkedList<StoredResponse> _byAge = [];
    private long _bytes;

    /// <summary>Keeps one; one that is too large for the store is not kept.</summary>
    public void Add(StoredResponse response)
    {
        if (response.Bytes > bytesMax) return;
        lock (_lock)
        {
            _nodeById.Add(response.Id, _byAge.AddLast(response));
            _bytes += response.Bytes;
            while (_byAge.Count > countMax || _bytes > bytesMax) Remove(_byAge.First!);
        }
    }

    /// <summary>The one of an id and an owner.</summary>
    /// <exception cref="ApiFault">There is none.</exception>
    public StoredResponse Find(string id, string owner)
    {
        lock (_lock) return FindNode(id, owner).Value;
    }

    /// <summary>Forgets one.</summary>
    /// <exception cref="ApiFault">There is none.</exception>
    public void Delete(string id, string owner)
    {
        lock (_lock) Remove(FindNode(id, owner));
    }

    private LinkedListNode<StoredResponse> FindNode(string id, string owner) =>
        _nodeById.TryGetValue(id, out var node) && node.Value.Owner == owner
            ? node
            : throw ApiFault.NotFound("response_not_found",
                $"There is no response '{id[..Math.Min(id.Length, 80)]}'; they are kept in memory, and the oldest go.");

    private void Remove(LinkedListNode<StoredResponse> node)
    {
        _nodeById.Remove(node.Value.Id);
        _byAge.Remove(node);
        _bytes -= node.Value.Bytes;
    }
}
