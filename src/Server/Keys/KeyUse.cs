namespace Minka.Server.Keys;

/// <summary>A key in use: what is left of its limits.</summary>
internal sealed class KeyUse(ApiKey key, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _requests = Math.Max(1, key.RequestsPerSecond);
    private double _tokens = key.TokensPerMinute;
    private long _filled = time.GetTimestamp();
    private int _running;

    /// <summary>The key.</summary>
    public ApiKey Key => key;

    /// <summary>Begins a request.</summary>
    /// <exception cref="ApiFault">A limit is reached.</exception>
    public KeyAllowance Begin()
    {
        lock (_lock)
        {
            Fill();
            if (key.Concurrency > 0 && _running >= key.Concurrency)
                throw Refuse($"The key '{key.Name}' has {_running} requests running and may have {key.Concurrency}.",
                    TimeSpan.FromSeconds(1));
            if (key.RequestsPerSecond > 0 && _requests < 1)
                throw Refuse($"The key '{key.Name}' may ask {key.RequestsPerSecond} times a second.",
                    TimeSpan.FromSeconds((1 - _requests) / key.RequestsPerSecond));
            if (key.TokensPerMinute > 0 && _tokens <= 0)
                throw Refuse($"The key '{key.Name}' may use {key.TokensPerMinute} tokens a minute.",
                    TimeSpan.FromMinutes((1 - _tokens) / key.TokensPerMinute));
            _requests--;
            _running++;
            var missing = Math.Max(0, 1 - _requests);
            return new KeyAllowance(
                (int)Math.Max(1, key.RequestsPerSecond), (int)Math.Max(0, _requests),
                TimeSpan.FromSeconds(key.RequestsPerSecond > 0 ? missing / key.RequestsPerSecond : 0));
        }
    }

    /// <summary>Ends a request, which used so many tokens: more than are left are owed.</summary>
    public void End(int tokens)
    {
        lock (_lock)
        {
            _running--;
            _tokens -= tokens;
        }
    }

    private void Fill()
    {
        var now = time.GetTimestamp();
        var seconds = time.GetElapsedTime(_filled, now).TotalSeconds;
        _filled = now;
        _requests = Math.Min(Math.Max(1, key.RequestsPerSecond), _requests + seconds * key.RequestsPerSecond);
        _tokens = Math.Min(key.TokensPerMinute, _tokens + seconds / 60 * key.TokensPerMinute);
    }

    private static ApiFault Refuse(string message, TimeSpan retryAfter) =>
        new(429, "rate_limit_error", "rate_limited", message)
        {
            // Clients believe waits of up to two minutes.
            RetryAfter = TimeSpan.FromSeconds(Math.Clamp(retryAfter.TotalSeconds, 0.05, 120)),
        };
}

/// <summary>What is left of a key's requests, for the answer's headers.</summary>
/// <param name="Limit">At most.</param>
/// <param name="Remaining">Now.</param>
/// <param name="Reset">Until one more.</param>
internal readonly record struct KeyAllowance(int Limit, int Remaining, TimeSpan Reset);
