using Minka.Cli;

return await Door.OpenAsync(args, Terminal.OfThisProcess());
