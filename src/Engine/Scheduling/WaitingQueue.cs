namespace Minka.Engine.Scheduling;

/// <summary>Who is next: the most urgent class; in it, who ran before; then keys in turn; in a key, who came
/// first.</summary>
/// <remarks>
/// Keys share by tokens, as deficit round robin (Shreedhar and Varghese 1995) in its surplus form: a key is served
/// while its balance is positive and pays for every token computed or generated on its behalf; when no waiting key
/// has any balance left, all of them receive as many quanta as the first needs. With one key it is a plain queue.
/// </remarks>
internal sealed class WaitingQueue(int quantum)
{
    private readonly SortedList<int, PriorityClass> _classes = [];

    /// <summary>Sequences of one priority.</summary>
    internal sealed class PriorityClass
    {
        /// <summary>Preempted sequences and choices whose leader is ready, by arrival; they go before everyone
        /// else.</summary>
        public List<Sequence> Returned { get; } = [];

        public Dictionary<string, Account> Accounts { get; } = [];

        /// <summary>Keys with waiting requests, in turn.</summary>
        public List<Account> Ring { get; } = [];

        public int Turn { get; set; }
    }

    /// <summary>Sequences of one key in a class, and what it may still use.</summary>
    internal sealed class Account(PriorityClass level, string key)
    {
        public PriorityClass Level { get; } = level;
        public string Key { get; } = key;
        public Queue<Sequence> Waiting { get; } = [];
        public long Balance { get; set; }

        /// <summary>Sequences of this key that have not ended.</summary>
        public int Live { get; set; }
    }

    /// <summary>Sequences that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Appends a new sequence to its key's queue.</summary>
    public void Add(Sequence sequence)
    {
        var account = Open(sequence);
        if (account.Waiting.Count == 0) account.Level.Ring.Add(account);
        account.Waiting.Enqueue(sequence);
        Count++;
    }

    /// <summary>Counts a sequence that will come by <see cref="Return"/> without having waited.</summary>
    public void Expect(Sequence sequence) => Open(sequence);

    /// <summary>Puts a sequence that was admitted before in front of all others of its class.</summary>
    public void Return(Sequence sequence)
    {
        var returned = sequence.Account!.Level.Returned;
        var at = returned.Count;
        while (at > 0 && returned[at - 1].Id > sequence.Id) at--;
        returned.Insert(at, sequence);
        Count++;
    }

    /// <summary>The sequence to admit next. Asked again without <see cref="Take"/> it gives the same answer.</summary>
    public bool TryPeek(out Sequence next)
    {
        for (var i = 0; i < _classes.Count; i++)
        {
            var level = _classes.GetValueAtIndex(i);
            if (level.Returned.Count > 0) return (next = level.Returned[0]) is not null;
            if (level.Ring.Count > 0) return (next = Served(level).Waiting.Peek()) is not null;
        }
        next = null!;
        return false;
    }

    /// <summary>Removes the sequence that <see cref="TryPeek"/> gave.</summary>
    public void Take(Sequence sequence)
    {
        if (!Remove(sequence)) throw Bug.Found($"Sequence {sequence.Id} does not wait.");
    }

    /// <summary>Removes a sequence from wherever it waits.</summary>
    public bool Remove(Sequence sequence)
    {
        var account = sequence.Account!;
        if (!account.Level.Returned.Remove(sequence) && !RemoveWaiting(account, sequence)) return false;
        Count--;
        return true;
    }

    /// <summary>Lets the sequence's key pay for tokens.</summary>
    public static void Charge(Sequence sequence, int tokens) => sequence.Account!.Balance -= tokens;

    /// <summary>Forgets a sequence that ended; a key without sequences leaves no trace.</summary>
    public void End(Sequence sequence)
    {
        var account = sequence.Account!;
        if (--account.Live > 0) return;
        account.Level.Accounts.Remove(account.Key);
        if (account.Level.Accounts.Count == 0) _classes.Remove(sequence.Priority);
    }

    private Account Served(PriorityClass level)
    {
        for (var i = 0; i < level.Ring.Count; i++)
        {
            var turn = (level.Turn + i) % level.Ring.Count;
            if (level.Ring[turn].Balance <= 0) continue;
            level.Turn = turn;
            return level.Ring[turn];
        }

        var rounds = long.MaxValue;
        foreach (var account in level.Ring) rounds = Math.Min(rounds, -account.Balance / quantum + 1);
        foreach (var account in level.Ring) account.Balance += rounds * quantum;
        return Served(level);
    }

    private static bool RemoveWaiting(Account account, Sequence sequence)
    {
        var waiting = account.Waiting;
        var before = waiting.Count;
        if (before == 0) return false;
        if (waiting.Peek() == sequence) waiting.Dequeue();
        else
        {
            for (var i = 0; i < before; i++)
            {
                var other = waiting.Dequeue();
                if (other != sequence) waiting.Enqueue(other);
            }
            if (waiting.Count == before) return false;
        }
        if (waiting.Count == 0) Leave(account);
        return true;
    }

    private static void Leave(Account account)
    {
        var level = account.Level;
        var at = level.Ring.IndexOf(account);
        level.Ring.RemoveAt(at);
        if (level.Turn > at) level.Turn--;
        if (level.Turn >= level.Ring.Count) level.Turn = 0;

        // A key saves nothing for later, but does not escape its debts while it has sequences that run.
        account.Balance = Math.Min(account.Balance, 0);
    }

    private Account Open(Sequence sequence)
    {
        if (!_classes.TryGetValue(sequence.Priority, out var level))
            _classes.Add(sequence.Priority, level = new PriorityClass());
        var key = sequence.Request.Key;
        if (!level.Accounts.TryGetValue(key, out var account))
            level.Accounts.Add(key, account = new Account(level, key));
        account.Live++;
        sequence.Account = account;
        return account;
    }
}
