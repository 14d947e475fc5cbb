using Microsoft.Playwright;
using Minka.Server.Tests;

[assembly: AssemblyFixture(typeof(Minka.Web.Tests.Browser))]

namespace Minka.Web.Tests;

/// <summary>One headless Chromium for all tests, with Minka behind it; each test has its own profile.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>Far more than anything takes on the slowest machine: only what never happens is waited for so long.
    /// </summary>
    private const float PatienceMs = 90_000;

    private static readonly string[] _names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

    // Without these Chromium calls home at every start, which a closed network answers by time-outs.
    private static readonly string[] _quiet =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    private TinyServer? _server;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        if (FindChromium() is not { } chromium) return;
        _server = await TinyServer.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = chromium, Args = _quiet });
    }

    /// <summary>Opens a page in a fresh profile; <see cref="Visit.ReadyAsync"/> waits for its script.</summary>
    /// <param name="path">Where: on the server that all tests share, or an address.</param>
    /// <param name="width">Of the window, in CSS pixels; less than 600 is a phone.</param>
    /// <param name="height">Of the window, in CSS pixels.</param>
    /// <param name="colours">What the system prefers.</param>
    /// <param name="before">Done with the page before it goes there.</param>
    public async Task<Visit> OpenAsync(
        string path = "/", int width = 1280, int height = 800, ColorScheme colours = ColorScheme.Light,
        Func<IPage, Task>? before = null)
    {
        if (_browser is null || _server is null)
            Assert.Skip("Chromium is not on PATH nor named by CHROMIUM; Debian's package 'chromium' has it.");
        var profile = await _browser.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height },
            ColorScheme = colours,
            HasTouch = width < 600,
            IsMobile = width < 600,
            BaseURL = _server.App.Address.ToString(),
        });
        await profile.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        profile.SetDefaultTimeout(PatienceMs);
        var page = await profile.NewPageAsync();
        var visit = new Visit(page, profile);
        if (before is not null) await before(page);
        await page.GotoAsync(path);
        return visit;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
    }

    private static string? FindChromium()
    {
        if (Environment.GetEnvironmentVariable("CHROMIUM") is { Length: > 0 } named)
            return File.Exists(named) ? named : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.SelectMany(folder => _names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
    }
}

/// <summary>A page that a test looks at. What the browser complains of fails the test when it is disposed of.</summary>
public sealed class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _profile;
    private readonly List<string> _complaints = [];

    internal Visit(IPage page, IBrowserContext profile)
    {
        (Page, _profile) = (page, profile);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning") _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
    }

    /// <summary>The page.</summary>
    public IPage Page { get; }

    /// <summary>Complaints that contain this are meant to happen.</summary>
    public string Expected { get; set; } = "\0";

    /// <summary>The answer that stands last.</summary>
    public ILocator LastAnswer => Page.Locator(".message.assistant").Last;

    /// <summary>Waits until the page has its models.</summary>
    public async Task<Visit> ReadyAsync()
    {
        await Page.WaitForSelectorAsync("html[data-ready]");
        return this;
    }

    /// <summary>Writes a message and sends it.</summary>
    public async Task AskAsync(string text)
    {
        await Page.FillAsync("#prompt", text);
        await Page.ClickAsync("#send");
    }

    /// <summary>Gives the first conversation of the list another title.</summary>
    public async Task RenameAsync(string title)
    {
        await Page.Locator("#conversations .open").First.DblClickAsync();
        await Page.FillAsync("#conversations input", title);
        await Page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Waits until the last answer is whole; its text.</summary>
    public async Task<string> AnswerAsync()
    {
        await Page.WaitForSelectorAsync(".message.assistant:last-child:not(.busy)");
        return await LastAnswer.Locator(".body").Last.InnerTextAsync();
    }

    /// <summary>Waits until the last answer is longer than this many letters; its text.</summary>
    public async Task<string> LongerThanAsync(int letters)
    {
        await Page.WaitForFunctionAsync(
            "letters => document.querySelector('.message.assistant:last-child .body')?.innerText.length > letters",
            letters);
        return await LastAnswer.Locator(".body").Last.InnerTextAsync();
    }

    /// <summary>From here on nothing that this page writes into its database gets there.</summary>
    public Task HoldDatabaseAsync() => RunAsync<object>("""
        () => new Promise(resolve => {
            const request = indexedDB.open('minka', 1);
            request.onsuccess = () => {
                const store = request.result.transaction('conversations', 'readwrite').objectStore('conversations');
                const hold = () => { store.count().onsuccess = hold; };
                hold();
                resolve();
            };
        })
        """);

    /// <summary>Runs JavaScript in the page.</summary>
    public Task<T> RunAsync<T>(string script) => Page.EvaluateAsync<T>(script);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _profile.DisposeAsync();
        Assert.DoesNotContain(_complaints, text => !text.Contains(Expected, StringComparison.Ordinal));
    }
}
